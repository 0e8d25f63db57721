import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import type { ExpectedRow } from "../../../queries/query.ts";
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

function expected(id: string, dataSet: NexmarkDataSet): string[] {
  const lines: string[] = [];
  const emit = (row: ExpectedRow) => lines.push(JSON.stringify(row.values));
  const oracle = findQuery(id).oracle();
  const cursor = dataSet.open();
  while (cursor.advance()) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return lines.sort();
}

async function actual(id: string, dataSet: NexmarkDataSet, { parallelism, workers, batchSize }: Shape, seed: number) {
  const lines: string[] = [];
  const counters = await runInOneThread({
    query: findQuery(id),
    dataSet,
    dataMode: dataSet.options.mode,
    watermarkDelayMs: 4_000,
    parallelism,
    workers,
    batchSize,
    seed,
    rows: { add: (values) => lines.push(JSON.stringify(values)), full: false, refused: false, flush: async () => {} },
  });
  return { lines: lines.sort(), counters };
}

for (const mode of ["classic", "head"] as const) {
  const input: NexmarkOptionsInput = { mode, events: 8_000, eventRatePerSecond: 200, outOfOrderGroupSize: 90 };
  const options = resolveNexmarkOptions(input);
  for (const id of queryIds()) {
    for (const [index, one] of SHAPES.entries()) {
      const { parallelism, workers, partitions, batchSize } = one;
      const name = `P ${parallelism}, ${workers} workers, ${partitions} partitions, batches of ${batchSize}`;
      test(`${id} ${mode}, out of order, ${name}: the engine gives exactly the oracle's rows, identity included`, async () => {
        const dataSet = new NexmarkDataSet({ options, partitions });
        const rows = expected(id, dataSet);
        assert.ok(rows.length >= 10, `${rows.length} rows are no test`);
        const { lines, counters } = await actual(id, dataSet, one, index + 1);
        assert.deepEqual(lines, rows);
        const dropped = counters.flatMap(({ custom: { lateRows = 0, undecodable = 0 } }) => [lateRows, undecodable]);
        assert.deepEqual(new Set(dropped), new Set([0]));
      });
    }
  }
}

test("any data, parallelism, batch size, number of workers and partitions, any order of events: the oracle's rows", async () => {
  const run = fc.record({
    id: fc.constantFrom(...queryIds()),
    seed: fc.nat(1_000_000),
    shape: fc.record({
      parallelism: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 4 }),
      partitions: fc.integer({ min: 1, max: 6 }),
      batchSize: fc.constantFrom(1, 2, 7, 64, 1000),
    }),
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
    fc.asyncProperty(run, async ({ id, seed, shape, input }) => {
      const options = resolveNexmarkOptions(input);
      const dataSet = new NexmarkDataSet({ options, partitions: shape.partitions });
      assert.deepEqual((await actual(id, dataSet, shape, seed)).lines, expected(id, dataSet));
    }),
    { numRuns: 40 },
  );
});
