import type { Censored } from "../../faults/result.ts";

/**
 * Median of lengths of which some were not over when observation ended: the time by which half of all are, by the product-limit
 * estimate (Kaplan and Meier 1958), the middle of both where half are at one and the other half at the next. Censored where fewer were over at
 * all: then it is at least the longest that was seen. Null without any.
 */
export function medianOfCensored(values: readonly Censored[]): Censored | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a.ms - b.ms || Number(a.censored) - Number(b.censored));
  let left = 1;
  for (const [position, { ms, censored }] of sorted.entries()) {
    if (censored) continue;
    left *= 1 - 1 / (sorted.length - position);
    if (left > 0.5 + EPSILON) continue;
    const next = sorted.slice(position + 1).find((value) => !value.censored);
    const isMiddle = Math.abs(left - 0.5) < EPSILON && next !== undefined;
    return { ms: isMiddle ? (ms + next.ms) / 2 : ms, censored: false };
  }
  return { ms: sorted.at(-1)!.ms, censored: true };
}

const EPSILON = 1e-9;
