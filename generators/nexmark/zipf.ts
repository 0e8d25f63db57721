import { hashNumber } from "../../base/hash.ts";

const TWO_32 = 4294967296;

/**
 * Zipf's law over `keys` ranks: rank r (0 the hottest) has a share proportional to 1 / (r + 1)^exponent. Drawn by inversion of the
 * cumulative distribution at a hash of the event's id: the generators' own streams would not do, since mode classic begins one anew
 * for each event, and the first draws of neighbours hardly differ.
 */
export class Zipf {
  /** Share of ranks 0 … r, ascending to 1. */
  readonly cumulative: Float64Array;
  /** Goes into the hash of each event's id. */
  readonly seed: number;

  /** Equal `seed`: equal ranks. */
  constructor(exponent: number, keys: number, seed: number) {
    this.seed = hashNumber(seed);
    const cumulative = new Float64Array(keys);
    let sum = 0;
    for (let rank = 0; rank < keys; rank++) {
      sum += (rank + 1) ** -exponent;
      cumulative[rank] = sum;
    }
    this.cumulative = cumulative.map((part) => part / sum);
  }

  /** The rank of event `id`, in 0 … keys − 1. */
  rankOf(id: number): number {
    const wanted = hashNumber((hashNumber(id) ^ this.seed) >>> 0) / TWO_32;
    let low = 0;
    let high = this.cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
