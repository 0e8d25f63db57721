/** Buckets a factor of 1.01 apart, from 1 µs to more than an hour. */
const BASE = Math.log(1.01);
const BUCKETS = 2_400;

/**
 * Sum of what latencies exceed a level by, where the level is known only afterwards. Exact but for latencies within 1 % of
 * the level.
 */
export class ExcessLatency {
  readonly #counts = new Float64Array(BUCKETS);
  readonly #sumsUs = new Float64Array(BUCKETS);

  add(latencyUs: number): void {
    if (latencyUs <= 0) return; // exceeds nothing
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(latencyUs) / BASE)));
    this.#counts[bucket]!++;
    this.#sumsUs[bucket]! += latencyUs;
  }

  /** Σ max(0, latency − level), µs. */
  above(levelUs: number): number {
    let excess = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const above = this.#sumsUs[bucket]! - this.#counts[bucket]! * levelUs;
      if (above > 0) excess += above;
    }
    return excess;
  }
}
