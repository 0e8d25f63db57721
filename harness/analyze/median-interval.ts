/**
 * Interval for the median from order statistics (Conover 1999, 3.2): no assumption but independence. The narrowest symmetric one that holds
 * with at least 95 %; null below 6 values, where even the whole range does not.
 */
export function medianInterval(values: readonly number[]): { readonly low: number; readonly high: number } | null {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let [below, term, rank] = [0, 0.5 ** n, -1];
  for (let k = 0; k < n / 2; k++) {
    below += term; // P(at most k of n values lie below the median)
    if (2 * below > 0.05) break;
    rank = k;
    term = (term * (n - k)) / (k + 1);
  }
  return rank < 0 ? null : { low: sorted[rank]!, high: sorted[n - 1 - rank]! };
}
