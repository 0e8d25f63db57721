import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import { SOURCE_ID } from "../../../queries/job-ids.ts";
import type { ExpectedRow, QueryDefinition, Value } from "../../../queries/query.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";

interface Shape {
  readonly parallelism: number;
  readonly workers: number;
  readonly partitions: number;
  readonly batchSize: number;
}

const shape = (parallelism: number, workers: number, partitions: number, batchSize: number): Shape => ({
  parallelism,
  workers,
  partitions,
  batchSize,
});
const SHAPES = [shape(1, 1, 1, 1000), shape(1, 1, 3, 7), shape(2, 2, 4, 1), shape(2, 1, 2, 1000), shape(4, 3, 4, 7)];

/** Rows in the order in which they came. */
function expected(id: string, dataSet: NexmarkDataSet): (readonly Value[])[] {
  const rows: (readonly Value[])[] = [];
  const emit = (row: ExpectedRow) => rows.push(row.values);
  const oracle = findQuery(id).oracle();
  const cursor = dataSet.open();
  while (cursor.advance()) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return rows;
}

async function actual(
  id: string,
  dataSet: NexmarkDataSet,
  { parallelism, workers, batchSize }: Shape,
  seed: number,
  watermarkDelayMs = 4_000,
) {
  const rows: (readonly Value[])[] = [];
  const counters = await runInOneThread({
    query: findQuery(id),
    streams: [{ name: SOURCE_ID, dataSet }],
    dataMode: dataSet.options.mode,
    format: dataSet.format,
    watermarkDelayMs,
    parallelism,
    workers,
    batchSize,
    seed,
    rows: { add: (values) => rows.push(values), full: false, refused: false, flush: async () => {} },
  });
  return { rows, counters };
}

/** All updates of each key, in order. */
function updatesByKey({ columns }: QueryDefinition, key: readonly string[], rows: readonly (readonly Value[])[]) {
  const indexes = key.map((name) => columns.findIndex((column) => column.name === name));
  return Map.groupBy(rows, (row) => JSON.stringify(indexes.map((index) => row[index])));
}

/** Append queries: equal multisets. Upsert queries: equal final rows and, where the data determine them, equal updates of every key. */
function assertEqualResults(
  id: string,
  dataSet: NexmarkDataSet,
  got: (readonly Value[])[],
  want: (readonly Value[])[],
) {
  const query = findQuery(id);
  if (query.output.kind === "append") {
    const sorted = (rows: (readonly Value[])[]) => rows.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(sorted(got), sorted(want));
    return;
  }
  const { key } = query.output;
  const [gotByKey, wantByKey] = [updatesByKey(query, key, got), updatesByKey(query, key, want)];
  if (dataSet.partitions === 1 || dataSet.partitionRule.startsWith("id mod")) assert.deepEqual(gotByKey, wantByKey);
  const last = (lists: Map<string, (readonly Value[])[]>) =>
    new Map([...lists].map(([name, rows]) => [name, rows.at(-1)]));
  assert.deepEqual(last(gotByKey), last(wantByKey));
}

const RULES = (id: string) =>
  findQuery(id).output.kind === "upsert" ? (["roundRobin", "auction"] as const) : (["roundRobin"] as const);

for (const mode of ["classic", "head"] as const) {
  const input: NexmarkOptionsInput = { mode, events: 8_000, eventRatePerSecond: 200, outOfOrderGroupSize: 90 };
  const options = resolveNexmarkOptions(input);
  for (const id of queryIds("nexmark")) {
    for (const [index, one] of SHAPES.entries()) {
      for (const partitionRule of RULES(id)) {
        const { parallelism, workers, partitions, batchSize } = one;
        const name = `P ${parallelism}, ${workers} workers, ${partitions} partitions (${partitionRule}), batches of ${batchSize}`;
        test(`${id} ${mode}, out of order, ${name}: the engine gives exactly the oracle's rows, identity included`, async () => {
          const dataSet = new NexmarkDataSet({ options, partitions, partitionRule });
          const want = expected(id, dataSet);
          assert.ok(want.length >= 4, `${want.length} rows are no test`);
          const { rows, counters } = await actual(id, dataSet, one, index + 1);
          assertEqualResults(id, dataSet, rows, want);
          const dropped = counters.flatMap(({ custom: { lateRows = 0, undecodable = 0, nullKeys = 0 } }) => {
            return [lateRows, undecodable, nullKeys];
          });
          assert.deepEqual(new Set(dropped), new Set([0]));
        });
      }
    }
  }
}

for (const mode of ["classic", "head"] as const) {
  const options = resolveNexmarkOptions({ mode, events: 8_000, eventRatePerSecond: 200, outOfOrderGroupSize: 90 });
  for (const id of queryIds("nexmark")) {
    test(`${id} ${mode} in the binary wire format: the engine gives exactly the oracle's rows, identity included`, async () => {
      const one = shape(2, 2, 4, 100);
      const dataSet = new NexmarkDataSet({ options, partitions: 4, partitionRule: "auction", format: "binary" });
      const want = expected(id, dataSet);
      assert.ok(want.length >= 4, `${want.length} rows are no test`);
      const { rows, counters } = await actual(id, dataSet, one, 1);
      assertEqualResults(id, dataSet, rows, want);
      assert.ok(counters.every(({ custom: { undecodable = 0 } }) => undecodable === 0));
    });
  }
}

for (const id of ["q5", "q7", "q11"]) {
  test(`${id} with keys that stay hot: the engine gives exactly the oracle's rows`, async () => {
    const skew = { auctions: 1.2, bidders: 1, keys: 50 };
    const options = resolveNexmarkOptions({ events: 8_000, eventRatePerSecond: 200, outOfOrderGroupSize: 90, skew });
    const one = shape(4, 2, 4, 100);
    const dataSet = new NexmarkDataSet({ options, partitions: one.partitions });
    const want = expected(id, dataSet);
    assert.ok(want.length >= 4, `${want.length} rows are no test`);
    assertEqualResults(id, dataSet, (await actual(id, dataSet, one, 1)).rows, want);
  });
}

test("any data, parallelism, batch size, number of workers and partitions, any order of events: the oracle's rows", async () => {
  const run = fc.record({
    id: fc.constantFrom(...queryIds("nexmark")),
    seed: fc.nat(1_000_000),
    shape: fc.record({
      parallelism: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 4 }),
      partitions: fc.integer({ min: 1, max: 6 }),
      batchSize: fc.constantFrom(1, 2, 7, 64, 1000),
    }),
    partitionRule: fc.constantFrom("roundRobin", "auction"),
    input: fc.record({
      mode: fc.constantFrom("classic", "head"),
      events: fc.integer({ min: 1, max: 1_500 }),
      eventRatePerSecond: fc.constantFrom(30, 101, 1_000),
      // The disorder stays below the watermark's delay: 100 / 30 s < 4 s.
      outOfOrderGroupSize: fc.constantFrom(1, 10, 100),
      proportions: fc.constantFrom({ person: 1, auction: 3, bid: 46 }, { person: 0, auction: 1, bid: 1 }),
      hotRatios: fc.constantFrom({ auction: 2 }, { auction: 100 }),
      baseTimeMs: fc.constantFrom(0, 1_436_918_400_000, 1_436_918_399_999),
    }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ id, seed, shape, partitionRule, input }) => {
      const options = resolveNexmarkOptions(input);
      const dataSet = new NexmarkDataSet({ options, partitions: shape.partitions, partitionRule });
      assertEqualResults(id, dataSet, (await actual(id, dataSet, shape, seed)).rows, expected(id, dataSet));
    }),
    { numRuns: 60 },
  );
});

test("events later than the watermark allows are dropped from windows and counted, every one", async () => {
  const options = resolveNexmarkOptions({ events: 20_000, eventRatePerSecond: 20, outOfOrderGroupSize: 1_000 }); // 50 s
  const dataSet = new NexmarkDataSet({ options, partitions: 1 });
  const late = (counters: readonly TaskCounters[]) =>
    counters.reduce((sum, { custom }) => sum + (custom.lateRows ?? 0), 0);
  for (const id of ["q5", "q7", "q8", "q11"]) {
    const { counters } = await actual(id, dataSet, shape(2, 1, 1, 100), 1, 0);
    assert.ok(late(counters) > 0, id);
  }
  const { rows, counters } = await actual("q11", dataSet, shape(2, 1, 1, 100), 1, 0);
  const inSessions = rows.reduce((sum, [, count]) => sum + Number(count), 0);
  const bids = expected("q0", dataSet).length;
  assert.equal(inSessions + late(counters), bids);
});
