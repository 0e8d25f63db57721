import { medianOfSorted } from "./median.ts";
import { normalCdf } from "./normal.ts";

export interface Trend {
  /** Median of the slopes between all pairs (Theil–Sen), per step. */
  readonly slope: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Mann–Kendall test of a trend in values that follow each other in even steps, by the normal approximation with ties and continuity
 * (Kendall 1975); good from 8 values on. null with fewer than 3.
 */
export function mannKendall(values: readonly number[]): Trend | null {
  const n = values.length;
  if (n < 3) return null;
  const slopes: number[] = [];
  let score = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const difference = values[j]! - values[i]!;
      score += Math.sign(difference);
      slopes.push(difference / (j - i));
    }
  }
  const counts = [...Map.groupBy(values, (value) => value).values()];
  const term = (size: number) => size * (size - 1) * (2 * size + 5);
  const variance = (term(n) - counts.reduce((sum, { length }) => sum + term(length), 0)) / 18;
  const z = variance <= 0 ? 0 : Math.max(0, Math.abs(score) - 1) / Math.sqrt(variance);
  return { slope: medianOfSorted(Float64Array.from(slopes).sort()), p: Math.min(1, 2 * (1 - normalCdf(z))) };
}
