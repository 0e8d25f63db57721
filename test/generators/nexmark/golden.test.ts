import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { generateLines } from "../../../generators/nexmark/generate.ts";
import { makeHeadTables } from "../../../generators/nexmark/head-tables.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { SplittableRandom } from "../../../generators/nexmark/splittable-random.ts";
import { goldenBytes, goldenJson } from "./golden.ts";

interface Digest {
  readonly mode: "classic" | "head";
  readonly config: NexmarkOptionsInput;
  readonly persons: number;
  readonly auctions: number;
  readonly bids: number;
  readonly bytes: number;
  readonly sha256: string;
}

async function lines(input: NexmarkOptionsInput, firstIndex = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await generateLines(resolveNexmarkOptions(input), { firstIndex, format: "jsonl" }, (chunk) => chunks.push(chunk) > 0);
  return Buffer.concat(chunks);
}

for (const mode of ["classic", "head"] as const) {
  test(`${mode}: the first 2000 events are the Java generator's, byte for byte`, async () => {
    const expected = goldenBytes(`${mode}-events-0-1999.jsonl`);
    assert.deepEqual((await lines({ mode, events: 2000 })).toString("latin1"), expected.toString("latin1"));
  });

  test(`${mode}: events 1,000,000 to 1,000,050 too`, async () => {
    const expected = goldenBytes(`${mode}-events-1000000-1000050.jsonl`);
    assert.deepEqual(
      (await lines({ mode, events: 1_000_051 }, 1_000_000)).toString("latin1"),
      expected.toString("latin1"),
    );
  });
}

for (const digest of goldenJson<Digest[]>("digests-sample.json")) {
  test(`digest: ${digest.mode} ${JSON.stringify(digest.config)}`, async () => {
    const bytes = await lines({ mode: digest.mode, ...digest.config });
    const count = (type: string) => bytes.toString("latin1").split(`"type":"${type}"`).length - 1;
    assert.equal(bytes.length, digest.bytes);
    assert.deepEqual(
      [count("person"), count("auction"), count("bid")],
      [digest.persons, digest.auctions, digest.bids],
      "events of each kind",
    );
    assert.equal(createHash("sha256").update(bytes).digest("hex"), digest.sha256);
  });
}

test("head without seeds equals the unmodified Java classes with the JDK's hidden counter at 1, 2, 3", () => {
  const streams = () => ({
    tables: makeHeadTables(SplittableRandom.fromHiddenCounter(1n), SplittableRandom.fromHiddenCounter(2n)),
    events: SplittableRandom.fromHiddenCounter(3n),
  });
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions({ events: 100_000 }), streams }).open();
  const line = new Uint8Array(cursor.maxWireBytes + 256);
  const hash = createHash("sha256");
  while (cursor.advance()) hash.update(line.subarray(0, cursor.writeLine(line, 0)));
  assert.equal(hash.digest("hex"), "f7d4e8f1098b342469059c387687bb5d9d38da001de420503879d27fc438bed4");
});

test("a row published by a third party in 2019: base time 1528098831026, 100 generators, the first auction's expiry", () => {
  const options = resolveNexmarkOptions({
    mode: "classic",
    events: 2,
    baseTimeMs: 1_528_098_831_026,
    numEventGenerators: 100,
  });
  const cursor = new NexmarkDataSet({ options }).open(1);
  cursor.advance();
  const event = cursor.event();
  assert.equal(event.type, "auction");
  assert.ok(event.type === "auction");
  assert.equal(event.auction.expires, 1_528_098_840_451);
});
