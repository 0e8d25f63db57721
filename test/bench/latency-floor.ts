/**
 * The engine's latency and CPU beside those of a bare echo that only fetches and produces, in one sweep with random blocks:
 * `npm run bench:latency-floor [repetitions [query [sweep]]]`, sweep `floor` or `steady`. Prints the ratios block by block, and the echo
 * beside the reference's figures of two hops. The results folder, with its report, stays.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../../harness/sweep/model.ts";
import { type Figure, History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";

const [repetitions = "3", query, sweep = "floor"] = process.argv.slice(2);
const root = join(import.meta.dirname, "../..");
const history = new History("latency-floor");
const out = join(mkdtempSync(join(tmpdir(), "faultline-floor-")), "results");
const settings = [`repetitions=${repetitions}`, ...(query === undefined ? [] : [`sweep.query=[${query}]`])];
const sets = settings.flatMap((setting) => ["--set", setting]);
const args = ["sweep", `test/bench/latency-floor/${sweep}.yaml`, ...sets, "--out", out];
const { status } = spawnSync(join(root, "bench"), args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
if (status !== 0) process.stderr.write(`bench sweep ended with ${status}: only valid runs are compared\n`);

const runs = readFileSync(join(out, "runs.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RunResult)
  .filter(({ state }) => state === "valid");

/** Two hops with an echo between them that batches by itself, warm broker, ms at p50 and p99: what the echo must be near to. */
const TWO_HOPS: ReadonlyMap<string, readonly [p50: number, p99: number]> = new Map([
  ["10k/s", [3.65, 14]],
  ["50k/s", [10.6, 30]],
]);

const milli = (valueUs: number | null): number | null => (valueUs === null ? null : valueUs / 1000);

interface Measure {
  readonly name: string;
  readonly inHistory: string;
  of(run: RunResult): number | null;
}
const MEASURES: readonly Measure[] = [
  { name: "p50, ms", inHistory: "p50Ms", of: (run) => milli(run.latencyUs.p50) },
  { name: "p99, ms", inHistory: "p99Ms", of: (run) => milli(run.latencyUs.p99) },
  { name: "CPU, µs an event", inHistory: "cpuUsPerEvent", of: cpuUsPerEvent },
];

/** Of the engine's workers, or of the echo. */
function cpuUsPerEvent({ resources, offeredPerSecond, measuredMs }: RunResult): number | null {
  const cpuS = (resources.worker ?? resources.processor)?.cpuSeconds ?? null;
  if (cpuS === null || offeredPerSecond === null || measuredMs === null) return null;
  return (cpuS * 1e9) / (offeredPerSecond * measuredMs);
}

const rateOf = ({ run }: RunResult): string => String(run.cell.axes["load.rate"]);
/** What both systems have in common. */
const cellOf = ({ run }: RunResult): string =>
  Object.entries(run.cell.axes)
    .filter(([axis]) => axis !== "system")
    .map(([axis, value]) => (axis === "query" ? `${value}` : `${axis.replace(/^.*\./, "")} ${value}`))
    .join(", ");

interface Compared {
  readonly engine: Figure;
  readonly echo: Figure;
  readonly ratio: Figure;
}

/** A row of the table. */
function compare(cell: string, engine: readonly RunResult[], echo: readonly RunResult[], measure: Measure): Compared {
  const pairs = engine.flatMap((run) => {
    const other = echo.find((candidate) => candidate.run.block === run.run.block);
    const [a, b] = [measure.of(run), other === undefined ? null : measure.of(other)];
    return a === null || b === null ? [] : [[a, b] as const];
  });
  if (pairs.length === 0) {
    process.stdout.write(`| ${cell} | ${measure.name} | no pair of valid runs | | |\n`);
    return { engine: null, echo: null, ratio: null };
  }
  const ratio = spreadOf(pairs.map(([a, b]) => a / b));
  const [a, b] = [pairs.map(([value]) => value), pairs.map(([, value]) => value)].map(spreadOf);
  process.stdout.write(`| ${cell} | ${measure.name} | ${shown(a!)} | ${shown(b!)} | ${shown(ratio)} |\n`);
  return { engine: a!, echo: b!, ratio };
}

process.stdout.write("| cell | figure | engine | bare echo | engine ÷ echo of the same block |\n");
process.stdout.write("|---|---|---|---|---|\n");
for (const cell of new Set(runs.map(cellOf))) {
  const ofCell = runs.filter((run) => cellOf(run) === cell);
  const engine = ofCell.filter(({ system }) => system === "bundled");
  const echo = ofCell.filter(({ system }) => system === "bare-echo");
  const rows = MEASURES.map((measure) => ({ figure: measure.inHistory, row: compare(cell, engine, echo, measure) }));
  for (const side of ["engine", "echo", "ratio"] as const) {
    const figures = Object.fromEntries(
      rows.map(({ figure, row }) => [side === "ratio" ? `${figure}Ratio` : figure, row[side]]),
    );
    history.add({ name: `${cell}, ${side}`, figures });
  }
}

process.stdout.write(
  "\n| rate | bare echo p50 / p99, ms | two hops of the reference | echo ÷ reference, at most 1.3 |\n",
);
process.stdout.write("|---|---|---|---|\n");
for (const [rate, [p50, p99]] of TWO_HOPS) {
  const echoes = runs.filter((run) => rateOf(run) === rate && run.system === "bare-echo");
  const [own50, own99] = [
    echoes.map(({ latencyUs }) => milli(latencyUs.p50)),
    echoes.map(({ latencyUs }) => milli(latencyUs.p99)),
  ]
    .map((values) => values.filter((value) => value !== null))
    .map((values) => (values.length === 0 ? null : spreadOf(values)));
  if (own50 == null || own99 == null) continue;
  const ratios = [own50.median / p50, own99.median / p99].map((ratio) => ratio.toFixed(2)).join(" / ");
  process.stdout.write(`| ${rate} | ${shown(own50)} / ${shown(own99)} | ${p50} / ${p99} | ${ratios} |\n`);
  history.add({
    name: `echo beside two hops, ${rate}`,
    figures: { p50Ratio: own50.median / p50, p99Ratio: own99.median / p99 },
  });
}
history.append();
process.stdout.write(`results: ${out}\n`);
