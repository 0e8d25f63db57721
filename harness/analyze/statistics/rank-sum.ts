import { normalCdf } from "./normal.ts";
import { doubledRanks, tieTerm, twoSided } from "./ranks.ts";

/** Above so many values the normal approximation is as good as exact (and exact counting no longer cheap). */
const MOST_EXACT = 60;

export interface RankTest {
  /** Two-sided. */
  readonly p: number;
  readonly exact: boolean;
}

/**
 * Mann–Whitney U test (Wilcoxon rank-sum), two-sided. Exact, by counting all ways to split the pooled mid-ranks (so also with ties), up to
 * 60 values; then normal with tie and continuity correction. p = 1 when a side is empty.
 */
export function rankSumTest(a: readonly number[], b: readonly number[]): RankTest {
  if (a.length === 0 || b.length === 0) return { p: 1, exact: true };
  const ranks = doubledRanks([...a, ...b]);
  const observed = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0);
  if (ranks.length > MOST_EXACT) return { p: approximate(ranks, a.length, observed), exact: false };
  return { p: twoSided(sumsOfSubsets(ranks, a.length), observed), exact: true };
}

/** The smallest p that so many values a side can give: of sides that do not overlap. */
export function leastRankSumP(a: number, b: number): number {
  if (a === 0 || b === 0) return 1;
  let splits = 1;
  for (let i = 1; i <= a; i++) splits = (splits * (b + i)) / i;
  return Math.min(1, 2 / splits);
}

/** How many subsets of `size` ranks have each sum. */
function sumsOfSubsets(ranks: readonly number[], size: number): Float64Array {
  const width = ranks.reduce((sum, rank) => sum + rank, 0) + 1;
  const counts = Array.from({ length: size + 1 }, () => new Float64Array(width));
  counts[0]![0] = 1;
  let reach = 0;
  ranks.forEach((rank, done) => {
    reach += rank;
    for (let chosen = Math.min(size, done + 1); chosen > 0; chosen--) {
      const [from, to] = [counts[chosen - 1]!, counts[chosen]!];
      for (let sum = rank; sum <= reach; sum++) to[sum]! += from[sum - rank]!;
    }
  });
  return counts[size]!;
}

function approximate(ranks: readonly number[], size: number, observed: number): number {
  const [n, m] = [ranks.length, ranks.length - size];
  const mean = size * (n + 1); // of doubled ranks
  const variance = ((size * m) / 3) * (n + 1 - tieTerm(ranks) / (n * (n - 1)));
  if (variance <= 0) return 1;
  // Sums of doubled ranks are 2 apart where nothing is tied: half a step is 1.
  const z = Math.max(0, Math.abs(observed - mean) - 1) / Math.sqrt(variance);
  return Math.min(1, 2 * (1 - normalCdf(z)));
}
