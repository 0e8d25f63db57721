import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JobOptions } from "../../../engine/cluster/job-spec.ts";
import type { LogicalNode } from "../../../engine/dataflow/graph.ts";
import { runSimulated } from "../../../engine/simulation/run-simulated.ts";
import { countJob, graphOf, mapNode, sinkNode, sourceNode, TinyMap } from "./tiny-job.ts";
import { readTiny, tinySupplier } from "./tiny-rows.ts";

interface Settings {
  readonly parallelism: number;
  readonly workers: number;
  readonly seed?: number;
  readonly batchRecords?: number;
  readonly rows?: number;
  readonly options?: Partial<JobOptions>;
}

function run(settings: Settings) {
  const lines: string[] = [];
  const result = runSimulated({
    job: () => countJob(100),
    parallelism: settings.parallelism,
    workers: settings.workers,
    seed: settings.seed ?? 1,
    batchRecords: settings.batchRecords ?? 50,
    options: settings.options ?? {},
    supplier: () => tinySupplier(4, settings.rows ?? 500, 7),
    onRecord: (sink, _partition, value) => {
      const { key, value: count, time } = readTiny(value);
      lines.push(`${sink} ${key} ${count} ${time}`);
    },
  });
  return { ...result, lines: lines.toSorted() };
}

/** Window counts computed without an engine. */
function expected(rows: number): string[] {
  const counts = new Map<string, number>();
  for (let number = 0; number < rows * 4; number++) {
    const name = `sink ${number % 7} ${(Math.floor(number / 100) + 1) * 100}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => {
      const [sink, key, end] = name.split(" ");
      return `${sink} ${key} ${count} ${end}`;
    })
    .toSorted();
}

describe("a simulated run", () => {
  for (const parallelism of [1, 2, 4]) {
    for (const workers of [1, 2, 3, 4]) {
      it(`gives the right windows at parallelism ${parallelism} on ${workers} workers`, () => {
        assert.deepEqual(run({ parallelism, workers }).lines, expected(500));
      });
    }
  }

  it("gives the right windows for any batch size", () => {
    for (const batchRecords of [1, 3, 1000]) {
      assert.deepEqual(run({ parallelism: 2, workers: 2, batchRecords }).lines, expected(500));
    }
  });

  it("gives the right windows from any seed, with buffers and windows so small that everything blocks", () => {
    const sizes = fc.record({
      seed: fc.nat(),
      parallelism: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 4 }),
      batchRecords: fc.integer({ min: 1, max: 100 }),
      options: fc.record({
        bufferBytes: fc.integer({ min: 1, max: 300 }),
        channelWindowBytes: fc.integer({ min: 1, max: 600 }),
        bufferTimeoutUs: fc.constantFrom(0, 100, 5000),
        watermarkIntervalUs: fc.constantFrom(0, 1000, 50_000),
        watermarkAlignmentMs: fc.constantFrom(0, 1, 50, 1000),
        maxBatchRows: fc.integer({ min: 1, max: 20 }),
      }),
    });
    fc.assert(
      fc.property(sizes, (settings) => assert.deepEqual(run({ ...settings, rows: 60 }).lines, expected(60))),
      { numRuns: 60 },
    );
  });

  it("repeats itself exactly from the same seed", () => {
    const settings = { parallelism: 2, workers: 3, seed: 7 };
    assert.equal(run(settings).traceHash, run(settings).traceHash);
    assert.notEqual(run(settings).traceHash, run({ ...settings, seed: 8 }).traceHash);
  });

  it("counts what tasks do", () => {
    const { counters } = run({ parallelism: 2, workers: 2 });
    const sum = (vertex: string, pick: "recordsIn" | "recordsOut") =>
      counters.filter((task) => task.vertex === vertex).reduce((total, task) => total + task[pick], 0);
    assert.equal(sum("source", "recordsIn"), 2000);
    assert.equal(sum("map", "recordsIn"), 2000);
    assert.equal(sum("window", "recordsOut"), expected(500).length);
    assert.equal(counters.length, 6);
  });

  it("fails with the operator's name when an operator throws", () => {
    const failing = () =>
      graphOf(
        sourceNode(),
        mapNode("source", "roundRobin", "fragile", (value) => {
          if (value === 321) throw new Error("value 321");
          return value;
        }),
        sinkNode("fragile"),
      );
    const attempt = () =>
      runSimulated({
        job: failing,
        parallelism: 2,
        workers: 2,
        seed: 1,
        batchRecords: 10,
        supplier: () => tinySupplier(2, 1000, 7),
        onRecord: () => {},
      });
    assert.throws(attempt, /operator "fragile".*value 321/);
  });

  it("fails with the operator's name when an operator cannot be opened", () => {
    const fragile = mapNode("source", "roundRobin", "fragile");
    const create = () => {
      const operator = new TinyMap((value) => value);
      operator.open = () => {
        throw new Error("no licence");
      };
      return operator;
    };
    const job = () => graphOf(sourceNode(), { ...fragile, create } as LogicalNode, sinkNode("fragile"));
    const run = { job, parallelism: 1, workers: 1, seed: 1, batchRecords: 10, onRecord: () => {} };
    const attempt = () => runSimulated({ ...run, supplier: () => tinySupplier(1, 10, 7) });
    assert.throws(attempt, /operator "fragile" cannot be opened: no licence/);
  });

  it("fails with the supplier's error when a log cannot be read", () => {
    const attempt = () =>
      runSimulated({
        job: () => countJob(100),
        parallelism: 1,
        workers: 1,
        seed: 1,
        batchRecords: 10,
        supplier: () => ({ ...tinySupplier(1, 10, 1), endOffset: () => 20 }),
        onRecord: () => {},
      });
    assert.throws(attempt, /operator "source".*at least one record/);
  });

  it("says what happened last when a job hangs", () => {
    const attempt = () =>
      runSimulated({
        job: () => countJob(100),
        parallelism: 1,
        workers: 1,
        seed: 3,
        batchRecords: 10,
        supplier: () => tinySupplier(1, 1_000_000_000, 1),
        maxSteps: 2000,
        onRecord: () => {},
      });
    assert.throws(attempt, /seed 3: no end of the job within 2000 steps.*jobState/s);
  });
});
