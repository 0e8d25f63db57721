import type { RunResult } from "../sweep/model.ts";
import type { ThresholdResult } from "../sweep/threshold-result.ts";
import { integer, length, NOT_MEASURED, rate } from "./format.ts";

/** Those that did not hold, or of which nothing is known. */
export function crossedThresholds({ thresholds = [] }: Pick<RunResult, "thresholds">): readonly ThresholdResult[] {
  return thresholds.filter(({ state }) => state === "crossed" || state === "noData");
}

/** The value in its unit: `48.2 ms`, `99.7 %`. */
export function thresholdValue({ value, unit }: Pick<ThresholdResult, "value" | "unit">): string {
  if (value === null) return NOT_MEASURED;
  if (unit === "duration") return length(value);
  if (unit === "rate") return rate(value);
  // Five digits: 99.48 % is not 99.5 %.
  return unit === "share" ? `${Number((value * 100).toPrecision(5))} %` : integer(value);
}

/** `p99 < 50ms: 61.2 ms`, with what there is to add. */
export function thresholdLine(result: ThresholdResult): string {
  const { text, state, window, note } = result;
  const value = state === "noData" ? "no data" : thresholdValue(result);
  const where = window === undefined ? "" : ` in seconds ${window.fromSecond} to ${window.toSecond}`;
  return `${text}: ${value}${where}${note === undefined ? "" : ` (${note})`}`;
}

/** `thresholds: 5 of 6 hold`; null where none was asked for. */
export function thresholdsSummary(results: readonly Pick<RunResult, "thresholds">[]): string | null {
  const all = results.flatMap(({ thresholds = [] }) => thresholds);
  if (all.length === 0) return null;
  const passed = all.filter(({ state }) => state === "passed").length;
  return `thresholds: ${passed} of ${all.length} ${all.length === 1 ? "holds" : "hold"}`;
}
