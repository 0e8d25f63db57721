import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { asciiText } from "../../../generators/nexmark/ascii.ts";
import { headTables } from "../../../generators/nexmark/head-tables.ts";
import { goldenJson } from "./golden.ts";

interface GoldenTables {
  readonly seeds: { readonly extraString: number; readonly bidTables: number };
  readonly hotUrls: readonly string[];
  readonly channelTable: {
    readonly entries: number;
    readonly entriesWithoutChannelId: number;
    readonly sha256OfNameTabUrlLines: string;
    readonly first40AndLast10: readonly (readonly [string, string])[];
  };
  readonly extraString: {
    readonly length: number;
    readonly sha256: string;
    readonly first300: string;
    readonly last100: string;
  };
}

const golden = goldenJson<GoldenTables>("head-tables.json");
const tables = headTables({ extra: golden.seeds.extraString, tables: golden.seeds.bidTables });

test("the URLs and channels of mode head are those of the Java tables", () => {
  const hot = tables.channels.slice(0, 4);
  const rows = tables.channels.slice(4);
  assert.deepEqual(
    hot.map((row) => row.url),
    golden.hotUrls,
  );
  assert.deepEqual(
    hot.map((row) => row.channel),
    ["Google", "Facebook", "Baidu", "Apple"],
  );
  assert.equal(rows.length, golden.channelTable.entries);
  assert.equal(
    rows.filter((row) => !row.url.includes("channel_id")).length,
    golden.channelTable.entriesWithoutChannelId,
  );
  const picked = [...rows.slice(0, 40), ...rows.slice(-10)].map((row) => [row.channel, row.url]);
  assert.deepEqual(picked, golden.channelTable.first40AndLast10);
  const hash = createHash("sha256");
  for (const row of rows) hash.update(`${row.channel}\t${row.url}\n`);
  assert.equal(hash.digest("hex"), golden.channelTable.sha256OfNameTabUrlLines);
});

test("the static text that extra is cut from is Java's", () => {
  const { view, offsets, length } = tables.extra;
  const text = asciiText(view, 0, offsets[length]!).replaceAll("\\\\", "\\");
  assert.equal(text.length, golden.extraString.length);
  assert.equal(text.slice(0, 300), golden.extraString.first300);
  assert.equal(text.slice(-100), golden.extraString.last100);
  assert.equal(createHash("sha256").update(text, "latin1").digest("hex"), golden.extraString.sha256);
});

test("tables of the same seeds are made once", () => {
  assert.equal(headTables({ extra: 1, tables: 3 }), tables);
  assert.notEqual(headTables({ extra: 2, tables: 3 }), tables);
});
