import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseCsv } from "../../../harness/nightly/csv-reader.ts";
import { appendHistory, parseHistory, readHistory } from "../../../harness/nightly/history-file.ts";
import { csv } from "../../../harness/report/csv.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { historyOf } from "./fake-night.ts";

const good = () => historyOf(7, { codeOf: () => 1, commit: "good" });

describe("the history", () => {
  it("comes back as it was written, and is only added to, byte for byte", async (t) => {
    const path = join(temporaryFolder(t), "deep", "history.csv");
    assert.deepEqual(await readHistory(path), []);
    const { history } = await good();
    await appendHistory(path, history.slice(0, 4));
    const before = readFileSync(path, "utf8");
    await appendHistory(path, history.slice(4));
    const after = readFileSync(path, "utf8");
    assert.ok(after.startsWith(before));
    assert.deepEqual(await readHistory(path), history);
    assert.equal(after.split("\n").length - 2, history.length);
  });

  it("keeps names with commas, quotes and line ends", async (t) => {
    const path = join(temporaryFolder(t), "history.csv");
    const [row] = (await good()).history;
    const odd = { ...row!, cell: 'a "b", c\nd', machine: "Intel(R) Xeon(R), 2.2 GHz", commit: null, median: null };
    await appendHistory(path, [odd]);
    assert.deepEqual(await readHistory(path), [odd]);
  });

  it("is refused when it is another file, or cut off, and is then left alone", async (t) => {
    const path = join(temporaryFolder(t), "history.csv");
    const { history } = await good();
    await appendHistory(path, history);
    const text = readFileSync(path, "utf8");
    const lines = text.split("\n");
    const broken: readonly (readonly [string, RegExp])[] = [
      [text.slice(0, -20), /cut off/],
      ["time,value\n", /header/],
      [[lines[0], `${lines[1]},9`, ""].join("\n"), /line 2 has 23 fields/],
      [text.replace(",quiet,", ",fine,"), /"fine" is no outcome/],
      [text.replace(/,\d+(\.\d+)?,,,/, ",fast,,,"), /median is "fast"|no history/],
    ];
    for (const [content, message] of broken.slice(0, 4)) {
      writeFileSync(path, content);
      await assert.rejects(appendHistory(path, history), message);
      assert.equal(readFileSync(path, "utf8"), content);
    }
    assert.throws(() => parseHistory(text.replace(/,8,[\d.]+,/, ",8,fast,"), "x"), /median is "fast"/);
  });
});

describe("CSV", () => {
  it("is read as it is written", () => {
    const rows = fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 }), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (table) => {
        const text = csv<string[]>(
          [0, 1].map((i) => ({ name: `c${i}`, value: (row) => row[i]! })),
          table,
        );
        assert.deepEqual(parseCsv(text), [["format_version", "c0", "c1"], ...table.map((row) => ["1", ...row])]);
      }),
    );
  });
});
