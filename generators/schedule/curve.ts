import type { Rational } from "./rational.ts";

/**
 * A stretch of changing rate. Counts are events since its start, times ns since its start. The count grows all the time, from 0 to
 * `total` at `durationNs`.
 */
export interface Curve {
  readonly durationNs: number;
  readonly total: Rational;
  /** The count at a time, off by less than `errorBound` (both also for a fraction of a ns). */
  count(ns: number): number;
  /** Events per ns. */
  rate(ns: number): number;
  readonly errorBound: number;
  /** Exactly: is the count at a whole ns at most `target`? */
  isAtMost(ns: bigint, target: Rational): boolean;
}

const MOST_STEPS = 100;

/**
 * The whole ns, rounded down, at which the count is `target` (its nearest double: `approximate`). Newton's method within a
 * bracket finds it, and the curve's own error bound tells whether doubles can decide the last ns; where not, exact integers do.
 * `guessNs` only saves time.
 */
export function invert(curve: Curve, approximate: number, target: () => Rational, guessNs: number): number {
  const ns = Math.floor(solve(curve, approximate, guessNs));
  const isBefore = curve.count(ns) - approximate < -curve.errorBound;
  const isAfter = curve.count(ns + 1) - approximate > curve.errorBound;
  return isBefore && isAfter ? ns : invertExactly(curve, target(), ns);
}

function solve(curve: Curve, target: number, guessNs: number): number {
  let low = 0;
  let high = curve.durationNs;
  let ns = Math.min(high, Math.max(low, guessNs));
  for (let step = 0; step < MOST_STEPS; step++) {
    const excess = curve.count(ns) - target;
    if (excess <= 0) low = ns;
    else high = ns;
    const next = ns - excess / curve.rate(ns);
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(inside - ns) < 0.125) return inside;
    ns = inside;
  }
  return ns;
}

/** The largest whole ns at which the count is at most `target`: widens a bracket around `near`, then halves it. */
function invertExactly(curve: Curve, target: Rational, near: number): number {
  const isAtMost = (ns: bigint) => curve.isAtMost(ns, target);
  const end = BigInt(curve.durationNs);
  let low = BigInt(Math.max(0, near));
  for (let width = 1n; low > 0n && !isAtMost(low); width *= 2n) low = low > width ? low - width : 0n;
  let high = low + 1n;
  for (let width = 1n; high < end && isAtMost(high); width *= 2n) {
    low = high;
    high = high + width < end ? high + width : end;
  }
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isAtMost(middle)) low = middle;
    else high = middle;
  }
  return Number(low);
}
