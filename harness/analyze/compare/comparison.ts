import type { RunResult } from "../../sweep/model.ts";
import { holmAdjusted } from "../statistics/holm.ts";
import type { Difference } from "./differences.ts";
import { type Finding, find, judge, minimumDetectableChange, type Verdict } from "./judge.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { allSeries, commonCells, type Series } from "./series.ts";
import type { Side } from "./side.ts";

export interface CompareOptions {
  /** Names of the metrics of which a regression counts; null: those that gate by default. */
  readonly gates: readonly string[] | null;
  readonly paired: boolean;
  readonly seed: number;
  readonly resamples: number;
  /** Chance of any false alarm among the gates, 0.05. */
  readonly level: number;
}

/** One metric of one cell. */
export interface Row {
  readonly cell: string;
  readonly metric: Metric;
  readonly gate: boolean;
  readonly finding: Finding;
  /** After Holm's adjustment over all gates, or over all others. */
  readonly adjustedP: number;
  readonly verdict: Verdict;
  readonly minimumDetectable: number | null;
  /** Runs on either side that had not got over it when the load ended. */
  readonly censored: number;
  /** What the instruments suffered meanwhile, where the sides ran one after the other. */
  readonly machine: MachineChange | null;
}

/** What a canary did: a change of the system under test may be the machine's up to `most`, a share. */
export interface MachineChange {
  readonly canary: string;
  readonly change: number;
  readonly most: number;
}

export interface SideCount {
  readonly runs: number;
  readonly valid: number;
  readonly invalid: number;
  readonly failed: number;
}

export interface Comparison {
  readonly a: Side;
  readonly b: Side;
  readonly counts: { readonly a: SideCount; readonly b: SideCount };
  readonly options: CompareOptions;
  /** Those that were allowed. */
  readonly differences: readonly Difference[];
  readonly rows: readonly Row[];
  /** Cells in which B broke its guarantee and A did not. */
  readonly broken: readonly string[];
  /** Gates that neither side has a number of, by cell; what was not asked for and is measured nowhere is not missed. */
  readonly notMeasured: readonly { readonly cell: string; readonly metric: string }[];
}

/** Between recorded campaigns of one configuration the system's numbers moved up to 2.2 times as far (docs/compare.md); 3 leaves room. */
const SUFFERS = 3;

/** Compares the common cells of two sides. Pure; differences are the caller's to refuse. */
export function compareSides(
  a: Side,
  b: Side,
  options: CompareOptions,
  differences: readonly Difference[] = [],
): Comparison {
  const isGate = ({ name, gates }: Metric) => (options.gates === null ? gates : options.gates.includes(name));
  const series = allSeries(a, b);
  const machines = new Map<string, MachineChange | null>();
  const machineOf = (one: Series) => {
    // Several metrics of a cell have the same canary.
    const key = `${one.metric.canary?.name} ${one.cell}`;
    if (!machines.has(key)) machines.set(key, machineChange(one, options));
    return machines.get(key)!;
  };
  const findings = series.map((one) => ({
    one,
    gate: isGate(one.metric),
    finding: find({ ...one.values, paired: options.paired }, options),
    machine: machineOf(one),
  }));
  const families = [true, false].map((gate) => findings.filter((entry) => entry.gate === gate));
  const rows = families.flatMap((family) => judgeFamily(family, options.level));
  return {
    a,
    b,
    counts: { a: countsOf(a, b), b: countsOf(b, a) },
    options,
    differences,
    rows: byPlace(rows, series),
    broken: brokenCells(a, b),
    notMeasured: METRICS.filter(isGate).flatMap((metric) => {
      const having = new Set(series.filter((one) => one.metric === metric).map(({ cell }) => cell));
      if (options.gates === null && having.size === 0) return [];
      const lacking = commonCells(a, b).filter(({ label }) => !having.has(label));
      return lacking.map(({ label }) => ({ cell: label, metric: metric.name }));
    }),
  };
}

interface Found extends Pick<Row, "gate" | "finding" | "machine"> {
  readonly one: Series;
}

function judgeFamily(family: readonly Found[], level: number): Row[] {
  const adjusted = holmAdjusted(family.map(({ finding }) => finding.p));
  return family.map(({ one: { cell, metric, censored }, gate, finding, machine }, i) => {
    const { margin, better } = metric;
    const adjustedP = adjusted[i]!;
    const atLeast = Math.max(margin, machine?.most ?? 0);
    const verdict = judge(finding, { margin, atLeast, better, p: adjustedP, level, censored: censored > 0 });
    const minimumDetectable = minimumDetectableChange(finding, atLeast, level / family.length);
    return { cell, metric, gate, finding, adjustedP, verdict, minimumDetectable, censored, machine };
  });
}

/**
 * Sides that ran one after the other had different machines, whatever the name plate says: neighbours come and go, clocks change. The
 * instruments ran the same code on both sides, so what their numbers may have moved by (the far end of the interval) is the machine's; the
 * system suffers up to `SUFFERS` times as much. Only a change above that is the system's. Sides that took turns need no such help.
 */
function machineChange({ metric, canary }: Series, options: CompareOptions): MachineChange | null {
  if (options.paired || metric.canary === null) return null;
  const { change, low, high } = find({ ...canary, paired: false }, options);
  if (change === null || low === null || high === null) return null;
  const farthest = Math.max(Math.abs(Math.log1p(low)), Math.abs(Math.log1p(high)));
  return { canary: metric.canary.name, change, most: Math.expm1(SUFFERS * farthest) };
}

/** By cell, then in the order of the metrics. */
function byPlace(rows: readonly Row[], series: readonly Series[]): readonly Row[] {
  const cells = [...new Set(series.map(({ cell }) => cell))];
  return cells.flatMap((cell) =>
    METRICS.flatMap((metric) => rows.filter((row) => row.cell === cell && row.metric === metric)),
  );
}

function countsOf(side: Side, other: Side): SideCount {
  const runs = commonCells(side, other).flatMap((cell) => cell.runs);
  const count = (state: RunResult["state"]) => runs.filter((run) => run.state === state).length;
  return { runs: runs.length, valid: count("valid"), invalid: count("invalid"), failed: count("failed") };
}

function brokenCells(a: Side, b: Side): string[] {
  const breaks = (runs: readonly RunResult[]) =>
    runs.some(({ reasons }) => reasons.some(({ code }) => code === "guarantee-violated"));
  return [...b.cells.values()]
    .filter(({ key, runs }) => breaks(runs) && a.cells.has(key) && !breaks(a.cells.get(key)!.runs))
    .map(({ label }) => label || "the cell");
}
