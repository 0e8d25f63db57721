import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { execa } from "execa";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import { installArtifacts } from "../../../harness/services/artifact-cache.ts";
import { findJava } from "../../../harness/services/java.ts";
import { temporaryFolder, writeSyntheticManifest, writeSyntheticRun } from "../../harness/synthetic-run.ts";

const HERE = join(import.meta.dirname, "reader");
const PROCESSOR = "org.HdrHistogram.HistogramLogProcessor";
/** Histograms have three significant digits. */
const PRECISION = 1e-3;

/** Runs the log processor of the Java library, which shares no code with what wrote the log. */
async function javaReader(): Promise<(...args: readonly string[]) => Promise<string>> {
  const set = { name: "hdrhistogram-2.2.2", pomFile: join(HERE, "pom.xml"), listFile: join(HERE, "artifacts.sha256") };
  const { classPath } = await installArtifacts(set, () => {});
  const { file } = await findJava();
  return async (...args) => (await execa(file, ["-cp", classPath, PROCESSOR, ...args], { timeout: 60_000 })).stdout;
}

/** A run whose outputs took 1, 2, 3, … times 17 µs, and no two the same. */
async function storedRun(t: TestContext) {
  const folder = temporaryFolder(t);
  const latenciesUs: number[] = [];
  writeSyntheticManifest(folder);
  writeSyntheticRun(folder, {
    query: "q0",
    settings: { limits: { minSamples: 1 } },
    latencyUs: () => {
      latenciesUs.push(1_000 + 17 * latenciesUs.length);
      return latenciesUs.at(-1)!;
    },
  });
  await analyzeSweep(folder);
  return { folder, log: join(folder, "hist", "q0-cell-r1.hlog"), latenciesUs };
}

function near(found: number, truth: number, what: string): void {
  assert.ok(Math.abs(found - truth) <= PRECISION * truth + 1, `${what}: ${found}, not ${truth}`);
}

test("the Java library reads hist/*.hlog: tags, intervals, counts and percentiles are those of the latencies", async (t) => {
  const read = await javaReader();
  const { folder, log, latenciesUs } = await storedRun(t);
  const tags = (await read("-i", log, "-listtags")).split("\n").slice(1).sort();
  assert.deepEqual(tags, ["e2e-intended", "e2e-output", "generator-lag", "observer-lag", "uncorrected"]);

  const out = join(folder, "intervals");
  await read("-i", log, "-tag", "e2e-intended", "-outputValueUnitRatio", "1", "-csv", "-o", out);
  const lines = readFileSync(out, "utf8").trimEnd().split("\n");
  const header = lines
    .find((line) => line.startsWith('"Timestamp"'))!
    .replaceAll('"', "")
    .split(",");
  const rows = lines
    .filter((line) => /^\d/.test(line))
    .map((line) => Object.fromEntries(line.split(",").map((value, i) => [header[i], Number(value)])));
  assert.deepEqual(
    rows.map((row) => row.Timestamp),
    [1, 2, 3, 4],
    "every second ends where it should",
  );
  const counts = rows.map((row) => row.Int_Count!);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    latenciesUs.length,
  );

  const sorted = latenciesUs.toSorted((a, b) => a - b);
  const total = rows.at(-1)!;
  assert.equal(total.Total_Count, sorted.length);
  for (const percent of [50, 90, 99, 99.9]) {
    near(total[`Total_${percent}%`]!, sorted[Math.ceil((percent / 100) * sorted.length) - 1]!, `p${percent}`);
  }
  near(total.Total_Max!, sorted.at(-1)!, "max");
});
