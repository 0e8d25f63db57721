import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssemblySync,
} from "hdr-histogram-js";
import { assert } from "../../base/assert.ts";
import type { LatencySummary } from "../sweep/model.ts";

export const SIGNIFICANT_DIGITS = 3;
/** 1 h in µs. */
export const HIGHEST_US = 3_600_000_000;

/** Fewest values that a percentile may be read from (`docs/method.md`): below it the estimate is mostly noise. */
export const MIN_SAMPLES = { p50: 20, p90: 100, p99: 1_000, p999: 10_000 } as const;

export const NO_LATENCY: LatencySummary = { p50: null, p90: null, p99: null, p999: null, max: null, n: 0 };

/** An empty HDR histogram, 3 digits, 1 µs to 1 h (95 KB). Call `destroy` when done. */
export function newHistogram(): Histogram {
  initWebAssemblySync();
  return build({
    useWebAssembly: true,
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  });
}

/**
 * Latencies in µs: an HDR histogram with exact maximum, and counters for what it cannot hold. Negative values and values above
 * 1 h are neither dropped nor clamped: percentiles count them as below and above all others.
 */
export class LatencyHistogram {
  negative = 0;
  overflow = 0;
  readonly #histogram = newHistogram();
  #max = Number.NEGATIVE_INFINITY;
  #min = Number.POSITIVE_INFINITY;

  record(valueUs: number): void {
    if (valueUs > this.#max) this.#max = valueUs;
    if (valueUs < this.#min) this.#min = valueUs;
    if (valueUs < 0) this.negative++;
    else if (valueUs > HIGHEST_US) this.overflow++;
    else this.#histogram.recordValue(valueUs);
  }

  get count(): number {
    return this.negative + this.#histogram.totalCount + this.overflow;
  }

  /** Exact. Null when empty. */
  get max(): number | null {
    return this.count === 0 ? null : this.#max;
  }

  /** The value that `percent` of all values do not exceed, to 3 digits; null with fewer than `minSamples` values. */
  percentile(percent: number, minSamples = 1): number | null {
    const count = this.count;
    if (count === 0 || count < minSamples) return null;
    const rank = Math.max(1, Math.ceil((percent / 100) * count)) - this.negative;
    if (rank <= 0) return this.#min;
    const held = this.#histogram.totalCount;
    if (rank > held) return this.#max;
    return Math.min(this.#max, this.#histogram.getValueAtPercentile((100 * rank) / held));
  }

  summary(): LatencySummary {
    return {
      p50: this.percentile(50, MIN_SAMPLES.p50),
      p90: this.percentile(90, MIN_SAMPLES.p90),
      p99: this.percentile(99, MIN_SAMPLES.p99),
      p999: this.percentile(99.9, MIN_SAMPLES.p999),
      max: this.max,
      n: this.count,
    };
  }

  /** A copy that needs no freeing, for later merging. */
  freeze(): FrozenHistogram {
    const { negative, overflow } = this;
    const encoded = encodeIntoCompressedBase64(this.#histogram);
    return { encoded, digits: SIGNIFICANT_DIGITS, negative, overflow, min: this.#min, max: this.#max };
  }

  /** Adds the exact counts of `other`. */
  addFrozen({ encoded, digits, negative, overflow, min, max }: FrozenHistogram): void {
    // The library's own getter of the precision gives undefined in its WebAssembly build.
    assert(digits === SIGNIFICANT_DIGITS, "histograms of different precision cannot be merged");
    initWebAssemblySync();
    const other = decodeFromCompressedBase64(encoded, 32, true);
    this.#histogram.add(other);
    other.destroy();
    this.negative += negative;
    this.overflow += overflow;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }

  destroy(): void {
    this.#histogram.destroy();
  }
}

/** Counts as compressed V2 histogram in base64; infinite extremes when empty. */
export interface FrozenHistogram {
  readonly encoded: string;
  readonly digits: number;
  readonly negative: number;
  readonly overflow: number;
  readonly min: number;
  readonly max: number;
}
