import { medianInterval } from "../median-interval.ts";
import type { SearchOutcome } from "./search.ts";

/** The capacity over all searches that came to an end. Events per second. */
export interface CapacityAnswer {
  /** Median of the greatest rates sustained; null: some search found none, or there is no finished search. */
  readonly capacityPerSecond: number | null;
  /** The system may do more: the instrument, or the greatest rate allowed, ended at least half of the searches. */
  readonly isAtLeast: boolean;
  /**
   * `confidence95`: of the median, by order statistics (6 searches and more). `range`: from the least rate sustained to the greatest rate
   * that was the first not to be, over all searches; no probability goes with it. `high` null: nothing ended it from above.
   */
  readonly interval: {
    readonly kind: "confidence95" | "range";
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  readonly searches: number;
}

/** Median and interval over searches, each of which counts once however many probes it took. */
export function capacityAnswer(outcomes: readonly SearchOutcome[]): CapacityAnswer {
  if (outcomes.length === 0) return { capacityPerSecond: null, isAtLeast: false, interval: null, searches: 0 };
  const sustained = outcomes.map(({ sustainedPerSecond }) => sustainedPerSecond ?? 0);
  const open = outcomes.filter(({ limitedBy }) => limitedBy !== "system").length;
  const middle = median(sustained);
  return {
    capacityPerSecond: middle === 0 ? null : middle,
    isAtLeast: 2 * open >= outcomes.length && middle > 0,
    interval: intervalOf(outcomes, sustained, open > 0),
    searches: outcomes.length,
  };
}

function intervalOf(
  outcomes: readonly SearchOutcome[],
  sustained: readonly number[],
  isOpen: boolean,
): CapacityAnswer["interval"] {
  const confidence = isOpen ? null : medianInterval(sustained);
  if (confidence !== null) return { kind: "confidence95", low: positive(confidence.low), high: confidence.high };
  const above = outcomes.map(({ unsustainedPerSecond }) => unsustainedPerSecond ?? Number.POSITIVE_INFINITY);
  return {
    kind: "range",
    low: positive(Math.min(...sustained)),
    high: isOpen ? null : Math.max(...above),
  };
}

function positive(value: number): number | null {
  return value > 0 ? value : null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
