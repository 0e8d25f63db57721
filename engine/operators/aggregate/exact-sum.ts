const TWO_16 = 65_536;
const TWO_32 = 4_294_967_296;

/**
 * Sums of integers beyond 2^53: high · 2^32 + low, 0 ≤ low < 2^32, at `values[at]` and `values[at + 1]`. Exact while |high| < 2^53, that
 * is for 2^32 values up to 2^53.
 */
export function addExactly(values: Float64Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  addParts(values, at, high, value - high * TWO_32);
}

/** Adds another sum. */
export function addParts(values: Float64Array, at: number, high: number, low: number): void {
  const sum = values[at + 1]! + low;
  const carry = sum >= TWO_32 ? 1 : 0;
  values[at] = values[at]! + high + carry;
  values[at + 1] = sum - carry * TWO_32;
}

/** The sum as one number: exact up to 2^53. */
export function sumOf(high: number, low: number): number {
  return high * TWO_32 + low;
}

/**
 * (high · 2^32 + low) / count, truncated towards zero, by long division in digits of 16 bits (Knuth 4.3.1, exercise 16). Exact for
 * 0 < count ≤ 2^36 when the quotient is at most 2^53.
 */
export function truncatedQuotient(high: number, low: number, count: number): number {
  const negative = high < 0;
  const borrow = negative && low > 0 ? 1 : 0;
  const magnitudeHigh = negative ? -high - borrow : high;
  const magnitudeLow = negative && low > 0 ? TWO_32 - low : low;
  let rest = magnitudeHigh % count;
  let quotient = (magnitudeHigh - rest) / count;
  let digits = rest * TWO_16 + Math.floor(magnitudeLow / TWO_16);
  rest = digits % count;
  quotient = quotient * TWO_16 + (digits - rest) / count;
  digits = rest * TWO_16 + (magnitudeLow % TWO_16);
  quotient = quotient * TWO_16 + (digits - (digits % count)) / count;
  return negative ? 0 - quotient : quotient;
}
