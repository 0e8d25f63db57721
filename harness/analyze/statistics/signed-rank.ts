import { normalCdf } from "./normal.ts";
import type { RankTest } from "./rank-sum.ts";
import { doubledRanks, tieTerm, twoSided } from "./ranks.ts";

const MOST_EXACT = 60;

/**
 * Wilcoxon signed-rank test of paired differences, two-sided: exact over all signs (also with ties) up to 60 differences, then normal.
 * Differences of 0 say nothing and are left out (Wilcoxon's own rule).
 */
export function signedRankTest(differences: readonly number[]): RankTest {
  const told = differences.filter((difference) => difference !== 0);
  const ranks = doubledRanks(told.map(Math.abs));
  const observed = ranks.reduce((sum, rank, i) => (told[i]! > 0 ? sum + rank : sum), 0);
  if (told.length > MOST_EXACT) return { p: approximate(ranks, observed), exact: false };
  const counts = new Float64Array(ranks.reduce((sum, rank) => sum + rank, 0) + 1);
  counts[0] = 1;
  let reach = 0;
  for (const rank of ranks) {
    reach += rank;
    for (let sum = reach; sum >= rank; sum--) counts[sum]! += counts[sum - rank]!;
  }
  return { p: twoSided(counts, observed), exact: true };
}

/** The smallest p that so many pairs can give: all differences of one sign. */
export function leastSignedRankP(pairs: number): number {
  return Math.min(1, 2 / 2 ** pairs);
}

function approximate(ranks: readonly number[], observed: number): number {
  const n = ranks.length;
  const mean = (n * (n + 1)) / 2; // of doubled ranks
  const variance = (n * (n + 1) * (2 * n + 1)) / 6 - tieTerm(ranks) / 12;
  const z = Math.max(0, Math.abs(observed - mean) - 1) / Math.sqrt(variance);
  return Math.min(1, 2 * (1 - normalCdf(z)));
}
