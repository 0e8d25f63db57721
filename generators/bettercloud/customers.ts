import type { JavaRandom } from "../java-random.ts";
import { COMPANIES } from "./companies.ts";

/** Id of customer `index`: a company's name and how often the list of names was used up before. */
export function customerId(index: number): string {
  return `${COMPANIES[index % COMPANIES.length]}-${Math.floor(index / COMPANIES.length)}`;
}

/**
 * Draws customers 0 .. `customers` − 1: with `skew` 0 uniformly (one `nextInt`), else by Zipf's law, customer r with weight
 * 1 / (r + 1)^skew (one `nextDouble`, looked up in the cumulative weights).
 */
export function customerDraw(customers: number, skew: number): (random: JavaRandom) => number {
  if (skew === 0) return (random) => random.below(customers);
  const cumulative = new Float64Array(customers);
  let sum = 0;
  for (let rank = 0; rank < customers; rank++) {
    sum += (rank + 1) ** -skew;
    cumulative[rank] = sum;
  }
  return (random) => {
    const wanted = random.nextDouble() * sum;
    let low = 0;
    let high = customers - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
