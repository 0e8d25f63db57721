import { Random } from "../../../base/random.ts";
import { bootstrapPairs, bootstrapShift, type ShiftInterval } from "../statistics/bootstrap.ts";
import { shiftBetween, shiftOfPairs } from "../statistics/hodges-lehmann.ts";
import { median } from "../statistics/median.ts";
import { normalQuantile } from "../statistics/normal.ts";
import { leastRankSumP, rankSumTest } from "../statistics/rank-sum.ts";
import { leastSignedRankP, signedRankTest } from "../statistics/signed-rank.ts";
import { studentQuantile } from "../statistics/student-t.ts";

/** Positive values of one metric in one cell, one a block, with the block's number. */
export interface Sample {
  readonly block: number;
  readonly value: number;
}

/** Two sides of one metric; `paired`: equal block numbers ran beside each other. */
export interface Sides {
  readonly a: readonly Sample[];
  readonly b: readonly Sample[];
  readonly paired: boolean;
}

/** What was found of one metric. Changes are ratios B/A − 1, found on logarithms, so that +10 % and back is no change. */
export interface Finding {
  readonly aCount: number;
  readonly bCount: number;
  readonly aMedian: number | null;
  readonly bMedian: number | null;
  /** Hodges–Lehmann shift in the metric's own unit. */
  readonly shift: number | null;
  /** The same as a ratio, with its 95 % bootstrap interval. */
  readonly change: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number;
  readonly exact: boolean;
  /** The smallest p that so many values can give. */
  readonly leastP: number;
  /** Standard error of the change, on logarithms. */
  readonly error: number;
}

/** Power that the minimum detectable change is told for. */
const POWER = 0.8;

export interface FindOptions {
  readonly seed: number;
  readonly resamples: number;
}

/** Compares two sides. Without two values a side (or two pairs) there is no interval, and p is 1. */
export function find(sides: Sides, options: FindOptions): Finding {
  return sides.paired ? findPaired(sides, options) : findApart(sides, options);
}

function findApart({ a, b }: Sides, { seed, resamples }: FindOptions): Finding {
  const [x, y] = [valuesOf(a), valuesOf(b)];
  const [logX, logY] = [x.map(Math.log), y.map(Math.log)];
  const test = rankSumTest(x, y);
  const told = x.length > 0 && y.length > 0;
  const enough = x.length > 1 && y.length > 1;
  return {
    ...medians(x, y),
    shift: told ? shiftBetween(x, y) : null,
    change: told ? Math.expm1(shiftBetween(logX, logY)) : null,
    ...asRatios(enough ? bootstrapShift(logX, logY, { random: new Random(seed), resamples }) : null),
    ...test,
    leastP: leastRankSumP(x.length, y.length),
  };
}

function findPaired({ a, b }: Sides, { seed, resamples }: FindOptions): Finding {
  const [x, y] = pairsOf(a, b);
  const differences = y.map((value, i) => value - x[i]!);
  const ratios = y.map((value, i) => Math.log(value / x[i]!));
  const enough = ratios.length > 1;
  return {
    ...medians(x, y),
    shift: ratios.length > 0 ? shiftOfPairs(differences) : null,
    change: ratios.length > 0 ? Math.expm1(shiftOfPairs(ratios)) : null,
    ...asRatios(enough ? bootstrapPairs(ratios, { random: new Random(seed), resamples }) : null),
    ...signedRankTest(ratios),
    leastP: leastSignedRankP(ratios.length),
  };
}

/** Values of the blocks that both sides have. */
function pairsOf(a: readonly Sample[], b: readonly Sample[]): readonly [number[], number[]] {
  const other = new Map(b.map(({ block, value }) => [block, value]));
  const both = a.filter(({ block }) => other.has(block));
  return [valuesOf(both), both.map(({ block }) => other.get(block)!)];
}

function valuesOf(samples: readonly Sample[]): number[] {
  return samples.map(({ value }) => value);
}

function medians(x: readonly number[], y: readonly number[]) {
  return { aCount: x.length, bCount: y.length, aMedian: median(x), bMedian: median(y) };
}

function asRatios(interval: ShiftInterval | null) {
  if (interval === null) return { low: null, high: null, error: 0 };
  return { low: Math.expm1(interval.low), high: Math.expm1(interval.high), error: interval.error };
}

export type Verdict = "worse" | "better" | "same" | "cannot tell";

export interface Rule {
  /** d: a change within it is none. */
  readonly margin: number;
  /** What a change must be above to count: d, or more where the machine changed meanwhile. */
  readonly atLeast: number;
  readonly better: "lower" | "higher";
  /** p after the adjustment for the number of verdicts. */
  readonly p: number;
  readonly level: number;
  /** Some lengths were cut off by the end of the load: an order can be told, equality cannot. */
  readonly censored: boolean;
}

/**
 * `worse` and `better`: the (adjusted) test is below the level, the interval lies off zero, and the change is above `atLeast`. `same`: the whole
 * interval is within ±d, and there are values enough for a test to have said otherwise. Else `cannot tell`.
 */
export function judge(finding: Finding, { margin, atLeast, better, p, level, censored }: Rule): Verdict {
  const { change, low, high } = finding;
  if (change === null || low === null || high === null) return "cannot tell";
  const [over, under] = [Math.log1p(margin), -Math.log1p(margin)];
  const isChange = p <= level && (low > 0 || high < 0) && Math.abs(Math.log1p(change)) > Math.log1p(atLeast);
  if (isChange) return change > 0 === (better === "lower") ? "worse" : "better";
  const isWithin = Math.log1p(low) >= under && Math.log1p(high) <= over;
  return isWithin && finding.leastP <= level && !censored ? "same" : "cannot tell";
}

/**
 * The least increase that a comparison of this noise and size finds with 80 %, as a share; null when it finds none, however large,
 * because so few values cannot reach `level`.
 */
export function minimumDetectableChange(finding: Finding, atLeast: number, level: number): number | null {
  const { aCount, bCount, error, leastP, low } = finding;
  if (leastP > level || low === null) return null;
  const degrees = Math.max(1, aCount + bCount - 2);
  const toFind = normalQuantile(POWER) * error;
  return Math.expm1(Math.max(studentQuantile(1 - level / 2, degrees) * error, Math.log1p(atLeast)) + toFind);
}
