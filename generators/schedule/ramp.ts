import type { Curve } from "./curve.ts";
import { add, multiply, type Rational, rational } from "./rational.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** A rate that goes from one value to another in a straight line: the count is a parabola. Rates in events per second, one above 0. */
export function rampCurve(from: Rational, to: Rational, durationNs: bigint): Curve {
  const denominator = from.denominator * to.denominator;
  const a = from.numerator * to.denominator;
  const rise = to.numerator * from.denominator - a;
  // count = (2 · duration · a · ns + rise · ns²) / scale
  const scale = 2n * durationNs * denominator * NS_PER_SECOND;
  const linear = 2n * durationNs * a;
  const duration = Number(durationNs);
  const start = perNs(from);
  const slope = (perNs(to) - start) / duration;
  return {
    durationNs: duration,
    total: multiply(add(from, to), rational(durationNs, 2n * NS_PER_SECOND)),
    count: (ns) => ns * (start + (slope * ns) / 2),
    rate: (ns) => start + slope * ns,
    errorBound: 32 * Number.EPSILON * Math.max(start, perNs(to)) * duration,
    isAtMost: (ns, target) => (linear + rise * ns) * ns * target.denominator <= target.numerator * scale,
  };
}

function perNs({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator) / 1e9;
}
