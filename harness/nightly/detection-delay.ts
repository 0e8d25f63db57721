import { changePoints } from "../analyze/statistics/e-divisive.ts";
import { baselineOf, LEAST_NIGHTS } from "./baseline.ts";
import { tripwire } from "./tripwire.ts";

/** Nights after which a slow-down that nobody has suspected counts as missed. */
const MOST_NIGHTS = 25;

/**
 * Nights until a slow-down by `factor` would have been suspected, had it come in the latest part of this history: 1 = on its first night. The
 * last nights are multiplied, 1, 2, 3 … of them, and judged as `judgeNight` does. null: missed; `too-short`: too few nights before it.
 */
export function nightsUntilAlarm(
  values: readonly number[],
  factor: number,
  better: "lower" | "higher",
): number | null | "too-short" {
  const most = Math.min(MOST_NIGHTS, values.length - 2 * LEAST_NIGHTS);
  if (most < 1) return "too-short";
  const begin = values.length - most;
  const worse = better === "lower" ? factor : 1 / factor;
  for (let nights = 1; nights <= most; nights++) {
    const series = values.slice(0, begin + nights).map((value, i) => (i < begin ? value : value * worse));
    if (isSuspected(series, begin, better)) return nights;
  }
  return null;
}

function isSuspected(series: readonly number[], begin: number, better: "lower" | "higher"): boolean {
  const before = series.slice(0, -1).map((median) => ({ median }));
  const base = baselineOf(before).map(({ median }) => median);
  if (tripwire(base, series.at(-1)!, better).side === "worse") return true;
  const isWorse = (change: number) => change > 0 === (better === "lower");
  return changePoints(series).some(({ index, change }) => isWorse(change) && Math.abs(index - begin) <= LEAST_NIGHTS);
}
