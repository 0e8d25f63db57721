import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import type { FaultSeries } from "../../analyze/faults/fault-drawing.ts";
import type { FaultEffect, FaultResult } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { FAINT, INK } from "../palette.ts";

/** Least and most that figures around a fault look back and ahead, s. The data reach as far as the most. */
const BEFORE = { least: 2, most: 10 } as const;
const AFTER = { least: 4, most: 60 } as const;
/** So many times the slowest return to normal is drawn. */
const AHEAD = 5;

/** What is drawn, s around the observed fault. */
export interface Reach {
  readonly before: number;
  readonly ahead: number;
}

/** One fault of one run, observed and analysed. */
export interface FaultOfRun {
  readonly result: RunResult;
  readonly fault: FaultResult;
  readonly effect: FaultEffect;
  readonly observedMs: number;
  readonly series: FaultSeries;
}

/** The same fault in all repetitions of a cell; of those that are not valid only where none is. */
export function faultOfCell(analyses: readonly RunAnalysis[], index: number): readonly FaultOfRun[] {
  const found = analyses.flatMap(({ result, faultSeries }): FaultOfRun[] => {
    const fault = result.faults?.[index];
    const series = faultSeries[index] ?? null;
    if (fault?.effect == null || fault.observedMs === null || series === null) return [];
    return [{ result, fault, effect: fault.effect, observedMs: fault.observedMs, series }];
  });
  const valid = found.filter(({ result }) => result.state === "valid");
  return valid.length > 0 ? valid : found;
}

/** How much to draw: well beyond the slowest return to normal, and half as much before. */
export function reachOf(runs: readonly FaultOfRun[]): Reach {
  const backMs = runs.map(({ effect }) => Math.max(effect.catchUp?.ms ?? 0, effect.slo?.restored.ms ?? 0));
  const within = ({ least, most }: typeof BEFORE | typeof AFTER, wanted: number) =>
    Math.min(most, Math.max(least, Math.ceil(wanted)));
  const ahead = within(AFTER, (AHEAD * Math.max(0, ...backMs)) / 1000);
  const endS = Math.max(...runs.map(endOf)) / 1000;
  const startS = Math.max(...runs.map(({ observedMs }) => observedMs)) / 1000;
  return {
    before: Math.min(within(BEFORE, ahead / 2), Math.max(BEFORE.least, Math.ceil(startS))),
    ahead: Math.min(ahead, Math.max(AFTER.least, Math.ceil(endS) + 1)),
  };
}

/** Where the load and the gap end, ms since the fault: behind that there is little to see. */
function endOf({ series: { counts }, effect: { gap }, observedMs }: FaultOfRun): number {
  return Math.max(counts.at(-1)?.fromMs ?? 0, gap === null ? 0 : gap.fromMs + gap.ms - observedMs);
}

export function isWithin({ before, ahead }: Reach, second: number): boolean {
  return second >= -before && second <= ahead;
}

/** End of the file name: the run where it is the only one, else the cell. */
export function figureSuffix(runs: readonly FaultOfRun[]): string {
  const [first] = runs as readonly [FaultOfRun];
  const { run } = first.result;
  return `${runs.length === 1 ? run.id : run.cell.id}-${first.fault.index + 1}`;
}

/** ` of 3 repetitions …`, and what is not valid about them. */
export function repetitionsText(runs: readonly FaultOfRun[]): string {
  const { state } = runs[0]!.result;
  const how = runs.length === 1 ? "One run" : `Thin lines: ${runs.length} repetitions; bold: their median`;
  return `${how}${state === "valid" ? "" : ` (${state}: in no table of results)`}.`;
}

/** Middle value; null when less than half of all have one. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0 || known.length * 2 < values.length) return null;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle]! : (known[middle - 1]! + known[middle]!) / 2;
}

export const secondsAxis = ({ before, ahead }: Reach, tickCount: number) => ({
  field: "second",
  type: "quantitative",
  scale: { domain: [-before, ahead], nice: false },
  axis: { title: null, tickCount },
});

/** The gap of every run as a band (bands of several add up), the fault, and where the query ran again or the fault was undone. */
export function faultLane(runs: readonly FaultOfRun[], { before, ahead }: Reach): object[] {
  const bands = runs.flatMap(({ effect: { gap }, observedMs }) => {
    if (gap === null) return [];
    const [from, to] = [gap.fromMs - observedMs, gap.fromMs + gap.ms - observedMs];
    const band = { from: Math.max(-before, from / 1000), to: Math.min(ahead, to / 1000) };
    return band.from < band.to ? [band] : [];
  });
  const again = runs.flatMap(({ fault: { recoveredMs, healedMs }, observedMs }) =>
    [recoveredMs, healedMs].flatMap((ms) => {
      const at = ms === null ? ahead : (ms - observedMs) / 1000;
      return at < ahead ? [{ at }] : [];
    }),
  );
  const rule = (values: readonly object[], width: number, dashed: boolean) => ({
    data: { values },
    mark: { type: "rule", color: INK, strokeWidth: width, ...(dashed ? { strokeDash: [2, 3] } : {}) },
    encoding: { x: { field: "at", type: "quantitative" } },
  });
  return [
    {
      data: { values: bands },
      mark: { type: "rect", color: FAINT, opacity: 0.55 / Math.sqrt(Math.max(1, bands.length)) },
      encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
    },
    rule([{ at: 0 }], 1.2, false),
    rule(again, 0.8, true),
  ];
}
