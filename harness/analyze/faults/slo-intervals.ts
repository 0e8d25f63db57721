/** Length of the intervals whose p99 is judged. */
export const SLO_INTERVAL_US = 250_000;
/** Buckets a factor of 1.02 apart, from 1 µs to more than an hour. */
const BASE = Math.log(1.02);
const BUCKETS = 1_200;
/** An interval keeps its bound when at most this share of its outputs is above: then their p99 (nearest rank) is not. */
const TOLERATED = 0.01;

/**
 * How many outputs due in each 250 ms came later than a bound, added in any order. A bound known from the start is judged to the µs;
 * for one that follows from the data, latencies are kept in buckets, and it is widened to the edge of its bucket (2 % at most).
 */
export class SloIntervals {
  readonly #startUs: number;
  readonly #knownUs: number | null;
  readonly #counts = new Map<number, Uint32Array>();

  constructor(startUs: number, knownBoundUs: number | null) {
    this.#startUs = startUs;
    this.#knownUs = knownBoundUs;
  }

  add(dueUs: number, latencyUs: number): void {
    const interval = Math.floor((dueUs - this.#startUs) / SLO_INTERVAL_US);
    let counts = this.#counts.get(interval);
    if (counts === undefined) {
      counts = new Uint32Array(this.#knownUs === null ? BUCKETS : 2);
      this.#counts.set(interval, counts);
    }
    if (this.#knownUs === null) counts[bucketOf(latencyUs)]!++;
    else counts[latencyUs > this.#knownUs ? 1 : 0]!++;
  }

  /** What is really judged when `us` is the bound: not less. */
  bound(us: number): number {
    return this.#knownUs ?? Math.ceil(Math.exp((bucketOf(us) + 1) * BASE));
  }

  /**
   * Begin of the first `wanted` intervals in a row, or more until `throughUs`, that keep `bound(us)`, of those that begin after `fromUs` less one
   * interval and end by `untilUs`. Intervals in which nothing was due say nothing: they neither count nor break a row.
   */
  firstStreak(us: number, wanted: number, fromUs: number, untilUs: number, throughUs = fromUs): number | null {
    const first = Math.floor((fromUs - this.#startUs) / SLO_INTERVAL_US);
    const end = Math.floor((untilUs - this.#startUs) / SLO_INTERVAL_US);
    const through = Math.ceil((Math.min(throughUs, untilUs) - this.#startUs) / SLO_INTERVAL_US);
    let since = first;
    let kept = 0;
    for (let interval = first; interval < end; interval++) {
      const counts = this.#counts.get(interval);
      if (counts !== undefined && !this.#keeps(counts, us)) kept = 0;
      else if (counts !== undefined && kept++ === 0) since = interval;
      // The last interval may end a little before `untilUs`.
      if (kept >= wanted && interval + 1 >= Math.min(through, end)) return this.#startUs + since * SLO_INTERVAL_US;
    }
    return null;
  }

  #keeps(counts: Uint32Array, us: number): boolean {
    const firstAbove = this.#knownUs === null ? bucketOf(us) + 1 : 1;
    let [total, above] = [0, 0];
    for (let bucket = 0; bucket < counts.length; bucket++) {
      total += counts[bucket]!;
      if (bucket >= firstAbove) above += counts[bucket]!;
    }
    return above <= total * TOLERATED;
  }
}

function bucketOf(latencyUs: number): number {
  if (latencyUs <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log(latencyUs) / BASE));
}
