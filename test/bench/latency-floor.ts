/**
 * The engine's latency and CPU beside those of a bare echo that only fetches and produces, in one sweep with random blocks:
 * `npm run bench:latency-floor [repetitions]`. Prints the ratios block by block. The results folder, with its report, stays.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../../harness/sweep/model.ts";
import { shown, spreadOf } from "./lib/rounds.ts";

const repetitions = Number(process.argv[2] ?? 3);
const root = join(import.meta.dirname, "../..");
const out = join(mkdtempSync(join(tmpdir(), "faultline-floor-")), "results");
const args = ["sweep", "test/bench/latency-floor/sweep.yaml", "--set", `repetitions=${repetitions}`, "--out", out];
const { status } = spawnSync(join(root, "bench"), args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
if (status !== 0) process.stderr.write(`bench sweep ended with ${status}: only valid runs are compared\n`);

const runs = readFileSync(join(out, "runs.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RunResult)
  .filter(({ state }) => state === "valid");

type Figure = readonly [name: string, of: (run: RunResult) => number | null];
const FIGURES: readonly Figure[] = [
  ["p50, ms", (run) => milli(run.latencyUs.p50)],
  ["p99, ms", (run) => milli(run.latencyUs.p99)],
];
const milli = (valueUs: number | null): number | null => (valueUs === null ? null : valueUs / 1000);
const rateOf = (run: RunResult) => String(run.run.cell.axes["load.rate"]);

process.stdout.write(
  "| rate | figure | engine | bare echo | engine ÷ echo of the same block |\n|---|---|---|---|---|\n",
);
for (const rate of new Set(runs.map(rateOf))) {
  const engine = runs.filter((run) => rateOf(run) === rate && run.system === "bundled");
  const echo = runs.filter((run) => rateOf(run) === rate && run.system === "bare-echo");
  for (const [name, of] of FIGURES) {
    const pairs = engine.flatMap((run) => {
      const other = echo.find((candidate) => candidate.run.block === run.run.block);
      const [a, b] = [of(run), other === undefined ? null : of(other)];
      return a === null || b === null ? [] : [[a, b] as const];
    });
    if (pairs.length === 0) {
      process.stdout.write(`| ${rate} | ${name} | no pair of valid runs | | |\n`);
      continue;
    }
    const [a, b, ratio] = [pairs.map(([x]) => x), pairs.map(([, y]) => y), pairs.map(([x, y]) => x / y)].map(spreadOf);
    process.stdout.write(`| ${rate} | ${name} | ${shown(a!)} | ${shown(b!)} | ${shown(ratio!)} |\n`);
  }
}
process.stdout.write(`results: ${out}\n`);
