import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import { LineReader } from "../../../engine/connectors/socket/line-reader.ts";
import type { World } from "../../../engine/ports.ts";
import { SIMULATION_LIMITS, SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { textSupplier } from "../../../engine/simulation/text-supplier.ts";
import { parseDemo } from "../../../harness/cluster/demo/schema.ts";
import { countWindows, countWords, type TimedLine, type WordCounts } from "../../../queries/wordcount/oracle.ts";
import totals from "../../../queries/wordcount/totals/job.ts";
import windowCounts from "../../../queries/wordcount/windows/job.ts";

/** The demo's windows: lines typed together, and what is printed for them. */
const GOLDEN: readonly (readonly [readonly string[], string])[] = [
  [
    ["This is to test if wordcount is working properly"],
    "This 1, if 1, is 2, properly 1, test 1, to 1, wordcount 1, working 1",
  ],
  [["More texts to test", "test test"], "More 1, test 3, texts 1, to 1"],
  [["Hello keep testing please"], "Hello 1, keep 1, please 1, testing 1"],
  [["Some more text to test"], "Some 1, more 1, test 1, text 1, to 1"],
  [
    ["We would like to check how it behaves when we stop the containers using Pumba"],
    "Pumba 1, We 1, behaves 1, check 1, containers 1, how 1, it 1, like 1, stop 1, the 1, to 1, using 1, we 1, when 1, would 1",
  ],
  [
    [
      "Now we will write more stuff to check how it executes the job when TM2 has been stopped",
      "Keep writing",
      "hello hello",
    ],
    "Keep 1, Now 1, TM2 1, been 1, check 1, executes 1, has 1, hello 2, how 1, it 1, job 1, more 1, stopped 1, stuff 1, the 1, to 1, we 1, when 1, will 1, write 1, writing 1",
  ],
];

const SECOND_US = 1_000_000;

/** The clock's windows of 5 s, each with the lines of one golden window, at different moments of it. */
const TYPED: readonly TimedLine[] = GOLDEN.flatMap(([lines], window) =>
  lines.map((text, n) => ({ atMs: 10_000 + 5_000 * window + 700 * (n + 1), text })),
);
const END_MS = 60_000;

/** A world in which a socket gives the lines at their virtual times and is closed at the end. */
function withSocket(world: World): World {
  const openReader: World["log"]["openReader"] = (address, from, handler, reading) => {
    if (address.kind !== "socket") return world.log.openReader(address, from, handler, reading);
    const reader = new LineReader(0, from[0]!.offset, handler);
    reader.attach({ pause: () => {}, resume: () => {}, close: () => {} });
    const at = (timeMs: number, work: () => void) => world.timers.after(timeMs * 1000 - world.clock.nowUs(), work);
    for (const { atMs, text } of TYPED) at(atMs, () => reader.onBytes(new TextEncoder().encode(`${text}\n`)));
    at(END_MS, () => reader.onEnd());
    return reader;
  };
  return { ...world, log: { ...world.log, openReader } };
}

interface Printed {
  readonly atMs: number;
  readonly text: string;
}

/** What the job prints, and when, on a simulated cluster of three workers; it must finish when the peer hangs up. */
function run(parameters: Record<string, unknown>, parallelism: number): readonly Printed[] {
  const printed: Printed[] = [];
  const bind = (kind: string) => ({ kind, brokers: [], topic: "t", partitions: 1 });
  const job: JobSpec = {
    jobId: "wordcount",
    name: "wordcount",
    module: "wordcount",
    parameters,
    parallelism,
    keyGroups: 128,
    sources: { lines: bind("socket") },
    sinks: { results: bind("memory") },
    options: DEFAULT_JOB_OPTIONS,
    bounded: false,
  };
  const cluster = new SimulatedCluster({
    ...SIMULATION_LIMITS,
    seed: 1,
    workers: 3,
    modules: new Map([["wordcount", windowCounts]]),
    suppliers: new Map(),
    batchRecords: 100,
    onRecord: (_topic, _partition, value) => {
      printed.push({ atMs: cluster.universe.nowUs / 1000, text: new TextDecoder().decode(value) });
    },
    tamper: (world) => withSocket(world),
  });
  cluster.client.submit(job, 3);
  cluster.runUntil(() => cluster.client.hasEnded("wordcount"), "end of the job");
  assert.equal(cluster.client.stateOf("wordcount")?.state, "finished");
  assert.ok(cluster.universe.nowUs >= END_MS * 1000, "not before the peer hung up");
  assert.ok(cluster.universe.nowUs < (END_MS + 1_000) * 1000, `at ${cluster.universe.nowUs / SECOND_US} s`);
  return printed;
}

/** Rows by the end of their window: the last multiple of the slide before they were printed. */
function byWindow(printed: readonly Printed[], slideMs: number): Map<number, string> {
  const windows = new Map<number, string[]>();
  for (const { atMs, text } of printed) {
    const end = Math.floor(atMs / slideMs) * slideMs;
    windows.set(end, [...(windows.get(end) ?? []), text.replace(" : ", " ")]);
  }
  return new Map([...windows].map(([end, rows]) => [end, rows.sort().join(", ")]));
}

const shown = (counts: WordCounts) =>
  [...counts]
    .map(([word, count]) => `${word} ${count}`)
    .sort()
    .join(", ");

describe("the socket word count", () => {
  for (const parallelism of [1, 3]) {
    it(`prints the golden windows of 5 s, parallelism ${parallelism}, and finishes when the peer hangs up`, () => {
      const windows = [...byWindow(run({}, parallelism), 5_000)];
      assert.deepEqual(
        windows,
        GOLDEN.map(([, golden], window) => [15_000 + 5_000 * window, golden]),
      );
    });

    it(`prints windows of 5 s every 1 s as the oracle has them, parallelism ${parallelism}`, () => {
      const windows = byWindow(run({ slideMs: 1_000, split: "blank" }, parallelism), 1_000);
      const expected = [...countWindows(TYPED, 5_000, 1_000, / +/)].map(
        ([end, counts]) => [end, shown(counts)] as const,
      );
      assert.deepEqual([...windows], expected);
      // A line at 10.7 s is in the windows that end at 11, 12, 13, 14 and 15 s.
      assert.equal(windows.get(11_000), GOLDEN[0]![1]);
      assert.equal(windows.get(16_000), "More 1, test 1, texts 1, to 1");
      assert.equal(windows.size, expected.length);
    });
  }

  it("the oracle, which knows nothing of the engine, has the golden windows too", () => {
    for (const [lines, golden] of GOLDEN) assert.equal(shown(countWords(lines)), golden);
  });

  it("the demo's script expects these windows, and totals that are right", () => {
    const file = new URL("../../../configs/demo/wordcount.yaml", import.meta.url);
    const demo = parseDemo(readFileSync(file, "utf8"), "wordcount.yaml", []);
    const steps = demo.acts.flatMap((act) => act.steps).filter((step) => "lines" in step);
    const windows = steps.filter(({ window }) => window !== undefined && Object.keys(window).length > 0);
    assert.deepEqual(
      windows.map(({ lines, window }) => [lines, shown(new Map(Object.entries(window!)))]),
      GOLDEN,
    );
    const typed: string[] = [];
    for (const { lines, totals: expected } of steps) {
      if (expected === undefined) continue;
      typed.push(...lines);
      const counted = countWords(typed);
      for (const [word, total] of Object.entries(expected)) assert.equal(counted.get(word), total, word);
    }
    assert.ok(typed.length > 0);
  });
});

describe("running totals", () => {
  it("end with what the oracle counts, each total once", async () => {
    const { runSimulated } = await import("../../../engine/simulation/run-simulated.ts");
    const lines = GOLDEN.flatMap(([typed]) => typed);
    const printed: string[] = [];
    runSimulated({
      job: totals,
      parallelism: 2,
      workers: 2,
      supplier: () => textSupplier([lines.filter((_, i) => i % 2 === 0), lines.filter((_, i) => i % 2 === 1)]),
      seed: 3,
      batchRecords: 2,
      onRecord: (_sink, _partition, value) => printed.push(new TextDecoder().decode(value)),
    });
    const expected = [...countWords(lines)].flatMap(([word, count]) =>
      Array.from({ length: count }, (_, n) => `${word} : ${n + 1}`),
    );
    assert.deepEqual(printed.toSorted(), expected.sort());
  });
});
