const ROUNDS = 3;
const TOLERANCE = 0.2;

/** Whether the last three medians lie within 20 % of each other. */
export function isStable(medianUs: readonly number[]): boolean {
  const last = medianUs.slice(-ROUNDS);
  return last.length === ROUNDS && Math.max(...last) <= Math.min(...last) * (1 + TOLERANCE);
}

/** The upper median; 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
