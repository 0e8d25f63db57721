import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { betterCloudInput } from "../../../generators/bettercloud/input.ts";
import { type BetterCloudOptionsInput, resolveBetterCloudOptions } from "../../../generators/bettercloud/options.ts";
import { mergeInput } from "../../../generators/merged-input.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../../harness/measure/observation.ts";
import { RowLines } from "../../../harness/systems/row-lines.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import { verify } from "../../../harness/verify/verify.ts";
import { bettercloud } from "../../../queries/bettercloud/query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { temporaryFolder } from "../../harness/synthetic-run.ts";
import { engineRows, expectedRows } from "./run.ts";

const EXACT: BetterCloudOptionsInput = { events: 1_000 };
const LIVE: BetterCloudOptionsInput = { events: 2_000, consumerRate: 200, preloadControls: false, controls: 50 };

/** Result records as an engine writes them; `columns` with identity, which `bench query` would leave out. */
async function records(rows: readonly (readonly (string | number | null)[])[]): Promise<string[]> {
  let text = "";
  const columns = [...bettercloud.columns];
  columns.splice(4, 0, ...bettercloud.identity);
  const lines = new RowLines({ ...findQuery("bettercloud"), columns }, (chunk) => {
    text += chunk;
    return true;
  });
  for (const values of rows) lines.add([...values.slice(0, 4), values[13]!, ...values.slice(4, 13)]);
  await lines.flush();
  return text.trimEnd().split("\n");
}

/** Compares records, read `afterMs` after the last event was due, with what the oracle expects. */
function check(t: TestContext, input: BetterCloudOptionsInput, observed: readonly string[], observedMs = 1e6) {
  const folder = temporaryFolder(t);
  const options = resolveBetterCloudOptions(input);
  const merged = mergeInput(betterCloudInput(options, { events: 1, controls: 1 }));
  const hasher = new RowHasher(bettercloud as unknown as ReturnType<typeof findQuery>);
  const view = new DataView(new ArrayBuffer(observed.length * OBSERVATION_BYTES));
  observed.forEach((record, offset) => {
    const bytes = Buffer.from(record);
    const flags = hasher.fromRecord(bytes, 0, bytes.length) ? 0 : 1;
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const fixed = { observedUs: observedMs * 1000, offset, appendMs: 0, partition: 0, isolation: 0 as const, flags };
    writeObservation(view, offset * OBSERVATION_BYTES, { nameHigh, nameLow, contentHigh, contentLow, ...fixed });
  });
  const observationsFile = join(folder, "observations.bin");
  writeFileSync(observationsFile, view);
  const { summary } = verify({
    query: bettercloud,
    data: merged.dataSet,
    watermarkDelayMs: 0,
    observationsFile,
    isolation: 0,
    dueUs: (index) => Math.floor(merged.schedule.dueNs(index) / 1000),
    scratchDirectory: join(folder, "scratch"),
  });
  return summary;
}

const CLEAN = { lost: 0, duplicate: 0, wrong: 0, unexpected: 0, premature: 0, outOfOrder: 0 };

test("what the engine writes is right, whatever its stamps; identity, content and number are checked", async (t) => {
  const { rows } = await engineRows(EXACT, { parallelism: 2, workers: 2, partitions: 2, batchSize: 100 });
  const right = await records(rows);
  const count = right.length;
  assert.ok(count > 100);
  assert.deepEqual(check(t, EXACT, right), { expected: count, observed: count, matched: count, ...CLEAN });

  const [first, second, ...rest] = right as [string, string, ...string[]];
  const counts = (observed: readonly string[]) => {
    const { lost, duplicate, wrong, unexpected } = check(t, EXACT, observed);
    return { lost, duplicate, wrong, unexpected };
  };
  const otherStamps = first.replace(/"sinkAt":[\d.]+/, '"sinkAt":1.5').replace(/"receivedAt":[\d.]+/, '"receivedAt":1');
  assert.notEqual(otherStamps, first);
  assert.deepEqual(counts([otherStamps, second, ...rest]), { lost: 0, duplicate: 0, wrong: 0, unexpected: 0 });
  assert.deepEqual(counts([second, ...rest]), { lost: 1, duplicate: 0, wrong: 0, unexpected: 0 });
  assert.deepEqual(counts([first, first, second, ...rest]), { lost: 0, duplicate: 1, wrong: 0, unexpected: 0 });
  assert.deepEqual(counts([first, first, ...rest]), { lost: 1, duplicate: 1, wrong: 0, unexpected: 0 });
  const altered = first.replace('"threshold":1', '"threshold":2');
  assert.deepEqual(counts([altered, second, ...rest]), { lost: 1, duplicate: 0, wrong: 1, unexpected: 0 });
  const otherRule = first.replace('"check":"equals"', '"check":"differs"');
  assert.deepEqual(counts([otherRule, second, ...rest]), { lost: 1, duplicate: 0, wrong: 1, unexpected: 0 });
  const forged = first.replace(/"sequence":\d+/, '"sequence":999999');
  assert.deepEqual(counts([forged, second, ...rest]), { lost: 1, duplicate: 0, wrong: 0, unexpected: 1 });
});

test("controls during the run: rows that may be missing may, all others must come, and nothing else", async (t) => {
  const rows = expectedRows(LIVE);
  const all = await records(rows.map(({ values }) => values));
  const required = all.filter((_, i) => rows[i]!.optional === undefined);
  assert.ok(required.length > 20 && required.length < all.length - 20);
  const whole = check(t, LIVE, all);
  assert.deepEqual(whole, { expected: all.length, observed: all.length, matched: all.length, ...CLEAN });
  const least = check(t, LIVE, required);
  const n = required.length;
  assert.deepEqual(least, { expected: n, observed: n, matched: n, ...CLEAN });
  assert.equal(check(t, LIVE, required.slice(1)).lost, 1);
  assert.equal(check(t, LIVE, [...all, all[0]!]).duplicate, 1);
});

test("a result that comes before both its event and its control were due is premature", async (t) => {
  const rows = expectedRows(LIVE);
  const late = rows.find(({ optional, lastInput }) => optional === true && lastInput > 500)!;
  const [record] = await records([late.values]);
  assert.equal(check(t, LIVE, [record!], 1).premature, 1);
  assert.equal(check(t, LIVE, [record!]).premature, 0);
});
