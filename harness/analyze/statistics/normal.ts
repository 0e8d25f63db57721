/** Beyond it a double cannot tell the distribution function from 0 or 1. */
const FAR = 8.3;

/** Distribution function of the standard normal: Taylor series about 0 (Marsaglia 2004), absolute error below 1e-14. */
export function normalCdf(x: number): number {
  if (x <= -FAR) return 0;
  if (x >= FAR) return 1;
  let [sum, term, last] = [x, x, 0];
  for (let odd = 3; sum !== last && odd < 1_000; odd += 2) {
    last = sum;
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The x below which the standard normal lies with `probability` (0 < p < 1). */
export function normalQuantile(probability: number): number {
  return rootOf((x) => normalCdf(x) - probability, FAR);
}

/** Root of a rising function in ±bound, by halving: as exact as a double can be, and bounded. */
export function rootOf(rising: (x: number) => number, bound: number): number {
  let [low, high] = [-bound, bound];
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
