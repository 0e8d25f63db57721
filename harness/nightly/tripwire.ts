import { median } from "../analyze/statistics/median.ts";

/** A smaller change is left to the change points, however quiet the history is. */
const LEAST_BOUND = 0.15;
const DEVIATIONS = 3;

export interface Wire {
  /** Tonight over the median of the nights before, − 1. */
  readonly change: number;
  /** max(3 × MAD, 15 %), as a share of that median. */
  readonly bound: number;
  readonly side: "worse" | "better" | "within";
}

/** Is tonight out of what the nights before were? `nights` is not empty, its values are above 0. */
export function tripwire(nights: readonly number[], tonight: number, better: "lower" | "higher"): Wire {
  const middle = median(nights)!;
  const deviation = median(nights.map((value) => Math.abs(value - middle)))!;
  const bound = Math.max(LEAST_BOUND, (DEVIATIONS * deviation) / middle);
  const change = tonight / middle - 1;
  const side = Math.abs(change) <= bound ? "within" : change > 0 === (better === "lower") ? "worse" : "better";
  return { change, bound, side };
}
