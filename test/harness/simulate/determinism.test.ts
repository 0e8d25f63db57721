import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { World } from "../../../engine/ports.ts";
import { drawRun } from "../../../harness/simulate/draw-run.ts";
import { runSeed } from "../../../harness/simulate/run-seed.ts";
import { findQuery } from "../../../queries/registry.ts";
import { tracesOf } from "./fixtures/traces.ts";

const SEEDS = 3;
const PROGRAM = fileURLToPath(new URL("./fixtures/hashes.ts", import.meta.url));

async function inChild(...flags: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROGRAM, "1", String(SEEDS)]);
  return JSON.parse(stdout) as string[];
}

test("the same seeds leave the same traces: again, under another random seed of V8, and without optimisation", async () => {
  const first = await tracesOf(1, SEEDS);
  assert.equal(new Set(first).size, first.length, "every run has a trace of its own");
  assert.deepEqual(await tracesOf(1, SEEDS), first);
  const [otherSeed, unoptimised] = await Promise.all([
    inChild("--random-seed=4711", "--hash-seed=815"),
    inChild("--random-seed=99", "--no-opt", "--no-maglev", "--no-sparkplug", "--max-lazy"),
  ]);
  assert.deepEqual(otherSeed, first);
  assert.deepEqual(unoptimised, first);
});

/** Runs of q5, those on several workers first. */
const RUNS = Array.from({ length: 20 }, (_, index) => drawRun(findQuery("q5"), index + 1)).sort(
  (a, b) => b.workers * b.parallelism - a.workers * a.parallelism,
);

test("a detailed trace tells more and changes nothing", async () => {
  const run = RUNS[0]!;
  const lines: string[] = [];
  const told = await runSeed(run, { trace: { detailed: true, onLine: (line) => lines.push(line) } });
  const quiet = await runSeed(run);
  assert.deepEqual({ ...told, traceTail: [] }, { ...quiet, traceTail: [] });
  assert.ok(lines.length > quiet.traceTail.length);
  for (const what of [/reads events\/\d/, /writes \d+ records to/, /edge \d+ \d+ → \d+ watermark/, /"type":"deploy"/]) {
    assert.ok(
      lines.some((line) => what.test(line)),
      `no line like ${what}`,
    );
  }
});

test("a trace tells of whatever does not come from the seed: here one microsecond more for every timer", async () => {
  const tamper = (world: World): World => {
    const after: typeof world.timers.after = (delayUs, callback) => world.timers.after(delayUs + 1, callback);
    return { ...world, timers: { after, soon: (callback) => world.timers.soon(callback) } };
  };
  let different = 0;
  for (const run of RUNS) {
    const other = await runSeed(run, { tamper });
    assert.equal(other.problem, null);
    if (other.traceHash !== (await runSeed(run)).traceHash) different++;
  }
  assert.ok(different >= RUNS.length / 4, `${different} of ${RUNS.length}: the others end before a timer fires`);
});
