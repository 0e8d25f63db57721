import type { Rational } from "./rational.ts";

/** (r · b + e) stays below 2^53 while r, b, e < this. */
const MAX_EXACT_DIVISOR = 94_000_000n;

/**
 * The exact integer function j → floor(j · step + offset) for j ≥ 0 and rational `step` and `offset`. Without BigInt while the
 * common denominator is below 94 million (any whole rate up to 94 M/s, or with fewer decimals); results must stay below 2^53.
 */
export function floorLinear(step: Rational, offset: Rational): (j: number) => number {
  const divisor = step.denominator * offset.denominator;
  const perItem = step.numerator * offset.denominator;
  const constant = offset.numerator * step.denominator;
  if (divisor >= MAX_EXACT_DIVISOR) return (j) => Number((BigInt(j) * perItem + constant) / divisor);
  const m = Number(divisor);
  const whole = Number(perItem / divisor);
  const part = Number(perItem % divisor);
  const constantWhole = Number(constant / divisor);
  const constantPart = Number(constant % divisor);
  return (j) => {
    const cycles = Math.floor(j / m);
    const rest = j - cycles * m;
    return j * whole + cycles * part + constantWhole + Math.floor((rest * part + constantPart) / m);
  };
}
