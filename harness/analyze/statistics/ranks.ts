/** Twice the mid-ranks of `values` (from 1; ties share the mean of theirs): doubled, they are whole numbers. */
export function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) ranks[order[at]!] = from + to + 1;
    from = to;
  }
  return ranks;
}

/** Σ (t³ − t) over groups of equal ranks: what ties take away from the variance of rank statistics. */
export function tieTerm(ranks: readonly number[]): number {
  let sum = 0;
  for (const group of Map.groupBy(ranks, (rank) => rank).values()) sum += group.length ** 3 - group.length;
  return sum;
}

/** Twice the smaller tail of a distribution given as counts, at `observed`; at most 1. */
export function twoSided(counts: Float64Array, observed: number): number {
  let [below, above, all] = [0, 0, 0];
  counts.forEach((count, value) => {
    all += count;
    if (value <= observed) below += count;
    if (value >= observed) above += count;
  });
  return Math.min(1, (2 * Math.min(below, above)) / all);
}
