/** The middle value, or the mean of the two in the middle; null of nothing. */
export function median(values: readonly number[] | Float64Array): number | null {
  if (values.length === 0) return null;
  return medianOfSorted(Float64Array.from(values).sort());
}

/** Of at least one value, in ascending order. */
export function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7); `sorted` is not empty. */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  const at = probability * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
