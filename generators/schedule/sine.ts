import type { Curve } from "./curve.ts";
import { multiply, type Rational, rational } from "./rational.ts";

const NS_PER_SECOND = 1_000_000_000n;
/** Fixed-point numbers have this many decimals: far more than can be between a count and a whole number of events. */
const SCALE = 10n ** 60n;
/** π · SCALE. */
export const PI = 3_141_592_653_589_793_238_462_643_383_279_502_884_197_169_399_375_105_820_974_944n;

/**
 * One period of `mid + amplitude · sin(2π t / period)`: the count is mid · t + amplitude · period / π · sin²(π t / period). Rates in
 * events per second, 0 < amplitude ≤ mid.
 */
export function sineCurve(mid: Rational, amplitude: Rational, periodNs: bigint): Curve {
  const period = Number(periodNs);
  const midPerNs = Number(mid.numerator) / Number(mid.denominator) / 1e9;
  const amplitudePerNs = Number(amplitude.numerator) / Number(amplitude.denominator) / 1e9;
  const swing = (amplitudePerNs * period) / Math.PI;
  return {
    durationNs: period,
    total: multiply(mid, rational(periodNs, NS_PER_SECOND)),
    count(ns) {
      const sine = Math.sin((Math.PI * ns) / period);
      return midPerNs * ns + swing * sine * sine;
    },
    rate: (ns) => midPerNs + amplitudePerNs * Math.sin((2 * Math.PI * ns) / period),
    errorBound: 32 * Number.EPSILON * (midPerNs + amplitudePerNs) * period,
    isAtMost(ns, target) {
      const sine = fixedSine(ns, periodNs);
      const straight = (mid.numerator * ns * SCALE) / mid.denominator;
      const swung = (amplitude.numerator * periodNs * sine * sine) / (amplitude.denominator * PI);
      return (straight + swung) * target.denominator <= target.numerator * NS_PER_SECOND * SCALE;
    },
  };
}

/** sin(π · ns / period) · SCALE for 0 ≤ ns ≤ period, by its Taylor series from the nearer end. */
function fixedSine(ns: bigint, period: bigint): bigint {
  const x = ((2n * ns <= period ? ns : period - ns) * PI) / period;
  const square = (x * x) / SCALE;
  let sum = 0n;
  for (let term = x, k = 1n; term !== 0n; k += 2n) {
    sum += term;
    term = (-term * square) / (SCALE * (k + 1n) * (k + 2n));
  }
  return sum;
}
