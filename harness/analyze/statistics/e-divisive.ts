import { Random } from "../../../base/random.ts";
import { median } from "./median.ts";

export interface ChangePoint {
  /** Index of the first value of the new level. */
  readonly index: number;
  /** Median of the values up to the next change point over that since the one before, − 1. */
  readonly change: number;
  /** Chance that values in any order split as well, of the two levels together. */
  readonly p: number;
}

export interface EDivisiveOptions {
  /** Values that are looked at, the latest ones: older ones say nothing of what the machine is today. */
  readonly window: number;
  /** A split is tried at this level first … */
  readonly weakP: number;
  /** … and stays only if it holds at this one, between its neighbours. */
  readonly strictP: number;
  /** Smaller changes, as a share, are none. */
  readonly leastChange: number;
  /** Values on either side of a split, at least. */
  readonly leastLength: number;
  readonly permutations: number;
  readonly seed: number;
}

export const CHANGE_POINTS: EDivisiveOptions = {
  window: 50,
  weakP: 0.05,
  strictP: 0.005,
  leastChange: 0.05,
  leastLength: 3,
  permutations: 999,
  seed: 1,
};

/**
 * Change points of a series of positive values in the order of time, by energy distance (e-divisive, Matteson and James 2014, exponent 1)
 * on logarithms. As in Apache Otava a weak threshold splits first, because one change can hide another, and a strict one then merges what
 * does not hold. Deterministic for a seed. Indexes are of the whole series.
 */
export function changePoints(
  values: readonly number[],
  options: EDivisiveOptions = CHANGE_POINTS,
): readonly ChangePoint[] {
  const from = Math.max(0, values.length - options.window);
  const series = values.slice(from);
  const logs = series.map(Math.log);
  const random = new Random(options.seed);
  const weak = splits(logs, options, random);
  return merged(series, logs, weak, options, random).map((point) => ({ ...point, index: point.index + from }));
}

/** Boundaries found by splitting, each part again, in ascending order. */
function splits(logs: readonly number[], options: EDivisiveOptions, random: Random): number[] {
  const found: number[] = [];
  // A part is split at most once, so there are fewer turns than values.
  const parts: [number, number][] = [[0, logs.length]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    const values = logs.slice(from, to);
    const best = bestSplit(values, options.leastLength, "anyEnd");
    if (best === null) continue;
    if (chanceOf(values, best.distance, "anyEnd", options.weakP, options, random) > options.weakP) continue;
    const at = from + best.index;
    found.push(at);
    parts.push([from, at], [at, to]);
  }
  return found.sort((a, b) => a - b);
}

/** Takes away the weakest change point until each holds between its neighbours. */
function merged(
  series: readonly number[],
  logs: readonly number[],
  weak: readonly number[],
  options: EDivisiveOptions,
  random: Random,
): ChangePoint[] {
  let left = [...weak];
  for (;;) {
    const points = left.map((index, i) => {
      const [from, to] = [left[i - 1] ?? 0, left[i + 1] ?? logs.length];
      const change = median(series.slice(index, to))! / median(series.slice(from, index))! - 1;
      const part = logs.slice(from, to);
      const distance = scaledEnergy(new Distances(part), index - from, part.length);
      return { index, change, p: chanceOf(part, distance, "end", options.strictP, options, random) };
    });
    const bad = points.filter(({ p, change }) => p > options.strictP || Math.abs(change) < options.leastChange);
    if (bad.length === 0) return points;
    const isWeaker = (a: ChangePoint, b: ChangePoint) => a.p - b.p || Math.abs(b.change) - Math.abs(a.change);
    const weakest = bad.reduce((a, b) => (isWeaker(b, a) > 0 ? b : a));
    left = left.filter((index) => index !== weakest.index);
  }
}

/** Where the second side of a split ends: with the part, or anywhere, so that a bump is found, too, which has no two levels. */
type Ends = "end" | "anyEnd";

/** Share of random orders of the part that can be split as well as it was; stops counting when `enough` cannot be reached any more. */
function chanceOf(
  part: readonly number[],
  distance: number,
  ends: Ends,
  enough: number,
  { permutations, leastLength }: EDivisiveOptions,
  random: Random,
): number {
  const most = enough * (permutations + 1);
  let asGood = 1;
  for (let done = 1; done <= permutations; done++) {
    const best = bestSplit(random.shuffled(part), leastLength, ends);
    // Sums of the same numbers in another order differ in their last digits.
    if (best !== null && best.distance >= distance * (1 - 1e-9)) asGood++;
    if (asGood > most) return asGood / (done + 1);
  }
  return asGood / (permutations + 1);
}

/** The split with the greatest scaled energy distance between both sides; null of too few values. */
function bestSplit(part: readonly number[], leastLength: number, ends: Ends) {
  const n = part.length;
  if (n < 2 * leastLength) return null;
  const distances = new Distances(part);
  let best = { index: 0, distance: Number.NEGATIVE_INFINITY };
  for (let index = leastLength; index <= n - leastLength; index++) {
    for (let end = ends === "end" ? n : index + leastLength; end <= n; end++) {
      const distance = scaledEnergy(distances, index, end);
      if (distance > best.distance) best = { index, distance };
    }
  }
  return best;
}

/** mn/(m+n) times the energy distance of the values before `index` and those from it to `end` (Matteson and James 2014, equations 5 and 6). */
function scaledEnergy(distances: Distances, index: number, end: number): number {
  const [m, n] = [index, end - index];
  const between = distances.sum(0, index, index, end);
  const first = distances.sum(0, index, 0, index);
  const second = distances.sum(index, end, index, end);
  // Sums within a side have every pair twice.
  const energy = (2 * between) / (m * n) - first / (m * (m - 1)) - second / (n * (n - 1));
  return ((m * n) / (m + n)) * energy;
}

/** |x − y| of all pairs of values, added up over rectangles, so that any sum of them takes four look-ups. */
class Distances {
  readonly #width: number;
  readonly #sums: Float64Array;

  constructor(values: readonly number[]) {
    const width = values.length + 1;
    const sums = new Float64Array(width * width);
    for (let i = 1; i < width; i++) {
      let row = 0;
      for (let j = 1; j < width; j++) {
        row += Math.abs(values[i - 1]! - values[j - 1]!);
        sums[i * width + j] = sums[(i - 1) * width + j]! + row;
      }
    }
    this.#width = width;
    this.#sums = sums;
  }

  /** Over pairs of a value in [a, b) and one in [c, d). */
  sum(a: number, b: number, c: number, d: number): number {
    const at = (i: number, j: number) => this.#sums[i * this.#width + j]!;
    return at(b, d) - at(a, d) - at(b, c) + at(a, c);
  }
}
