import { medianOfSorted } from "./median.ts";

/** Hodges–Lehmann shift from `a` to `b`: the median of all differences b − a. Both have at least one value. */
export function shiftBetween(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const differences = new Float64Array(a.length * b.length);
  let at = 0;
  for (let i = 0; i < a.length; i++) for (let j = 0; j < b.length; j++) differences[at++] = b[j]! - a[i]!;
  return medianOfSorted(differences.sort());
}

/** Hodges–Lehmann location of paired differences: the median of the means of all pairs of them, each with itself too. */
export function shiftOfPairs(differences: ArrayLike<number>): number {
  const n = differences.length;
  const means = new Float64Array((n * (n + 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) means[at++] = (differences[i]! + differences[j]!) / 2;
  return medianOfSorted(means.sort());
}
