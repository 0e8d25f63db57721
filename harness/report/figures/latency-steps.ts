import { FIGURE_INTERVAL_MS } from "../../analyze/faults/fault-drawing.ts";

export const MEASURES = ["p50", "p99", "max"] as const;
export type Measure = (typeof MEASURES)[number];
export type View = "intended" | "output";
const INTERVAL_S = FIGURE_INTERVAL_MS / 1000;
const EPSILON_S = INTERVAL_S / 1000;

/** A value of the figure of latency around a fault. */
export interface LatencyRow {
  readonly view: View;
  /** Run id, or `median` of all of them. */
  readonly run: string;
  /** Middle of the interval, or the output itself; relative to the observed fault. */
  readonly second: number;
  readonly measure: Measure | "output";
  readonly latencyMs: number | null;
  readonly n: number;
}

/** A corner of a line of steps. */
interface Corner {
  readonly second: number;
  readonly measure: Measure;
  readonly latencyMs: number;
  /** Lines are broken where an interval has no value, so that a gap is not bridged, and at the fault. */
  readonly part: string;
}

/** Of the interval with this index, s since the fault. */
export function middleOf(index: number): number {
  return (index + 0.5) * INTERVAL_S;
}

/** Every interval from its begin to its end: a value says nothing of the time before or after its interval. */
export function steps(rows: readonly LatencyRow[]): Corner[] {
  const drawn = new Map<string, { part: number; end: number }>();
  return rows.flatMap(({ run, second, measure, latencyMs }): Corner[] => {
    if (measure === "output" || latencyMs === null) return [];
    const [from, to] = [second - INTERVAL_S / 2, second + INTERVAL_S / 2];
    const line = `${run} ${measure}`;
    const before = drawn.get(line);
    const continues = before !== undefined && Math.abs(before.end - from) < EPSILON_S && Math.abs(from) > EPSILON_S;
    const part = (before?.part ?? 0) + (continues ? 0 : 1);
    drawn.set(line, { part, end: to });
    return [from, to].map((corner) => ({ second: corner, measure, latencyMs, part: `${line} ${part}` }));
  });
}
