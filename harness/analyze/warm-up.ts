import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import type { RunConfig } from "./run-config.ts";
import { median } from "./statistics/median.ts";
import { rankSumTest } from "./statistics/rank-sum.ts";

/** With fewer seconds no trend can be significant: 3 of 9 at the top have p = 0.024. */
const LEAST_SECONDS = 10;
/** The head is this share of what is looked at, and at least so many seconds. */
const HEAD_SHARE = 0.25;
const LEAST_HEAD = 3;
/** The system still warms up while the head's median is so many times the rest's, and more than chance would make it. */
const RATIO = 1.25;
const SIGNIFICANCE = 0.02;
/** At least this share of the time after the shortest warm-up is measured. */
const MEASURED_SHARE = 0.5;

/** How the end of a run's warm-up was found. */
export interface WarmUp {
  /** From the first due time. */
  readonly cutMs: number;
  /** `notJudged`: too few seconds with outputs, or the load is not steady. */
  readonly verdict: "stable" | "unstable" | "notJudged";
}

/** Of one run: `intervals` by due time, [] where nothing is claimed; `disturbedMs`: when the first fault struck, null: none. */
export function warmUpOf(
  { isSteady, warmupMs, loadMs }: Pick<RunConfig, "isSteady" | "warmupMs" | "loadMs">,
  intervals: readonly IntervalHistogram[],
  disturbedMs: number | null,
): WarmUp {
  if (!isSteady) return { cutMs: warmupMs, verdict: "notJudged" };
  return warmUpEnd(intervals, warmupMs, Math.min(loadMs, disturbedMs ?? loadMs));
}

/**
 * The end of the warm-up: the first whole second, not before `leastMs`, from which the latency falls no more. Of the medians of the seconds
 * that remain the first quarter is held against the rest; it is above it when its median is at least 1.25 times as large and an exact
 * rank-sum test says p < 0.02. A latency that rises is no warm-up: the backlog grows (`lagSlope`). `unstable` when half of the time is
 * not enough, or so much that fewer than 10 seconds are left; then the cut stays at `leastMs`. `intervals`: by due time, one a second; `untilMs`: end of the load, or of what is
 * undisturbed.
 */
export function warmUpEnd(intervals: readonly IntervalHistogram[], leastMs: number, untilMs: number): WarmUp {
  const least = Math.ceil(leastMs / 1000);
  const until = Math.floor(untilMs / 1000);
  const last = least + Math.floor((until - least) * (1 - MEASURED_SHARE));
  for (let cut = least; cut <= last; cut++) {
    const medians = mediansWithin(intervals, cut, until);
    if (medians.length < LEAST_SECONDS) {
      return { cutMs: leastMs, verdict: cut === least ? "notJudged" : "unstable" };
    }
    if (!isFalling(medians)) return { cutMs: cutOf(cut, least, leastMs), verdict: "stable" };
  }
  return { cutMs: leastMs, verdict: last < least ? "notJudged" : "unstable" };
}

function cutOf(cut: number, least: number, leastMs: number): number {
  return cut === least ? leastMs : cut * 1000;
}

function mediansWithin(intervals: readonly IntervalHistogram[], from: number, to: number): number[] {
  return intervals.flatMap(({ index, p50 }) => (index >= from && index < to && p50 !== null ? [p50] : []));
}

function isFalling(medians: readonly number[]): boolean {
  const size = Math.max(LEAST_HEAD, Math.floor(HEAD_SHARE * medians.length));
  const [head, rest] = [medians.slice(0, size), medians.slice(size)];
  return median(head)! >= RATIO * median(rest)! && rankSumTest(head, rest).p < SIGNIFICANCE;
}
