import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";
import { HIGHEST_US, newHistogram } from "./latency-histogram.ts";

const MAX_OPEN = 48;
/** Compressed parts of one interval that are merged when there are more. */
const MAX_FROZEN = 8;

/** One finished interval. `encoded`: compressed V2 histogram in base64; `max` and the counters are exact. */
export interface IntervalHistogram {
  readonly index: number;
  readonly count: number;
  readonly negative: number;
  readonly overflow: number;
  readonly max: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly encoded: string;
}

interface Interval {
  open: Histogram | null;
  lastUse: number;
  /** Base64 of compressed parts. */
  readonly frozen: string[];
  negative: number;
  overflow: number;
  max: number;
}

/**
 * Whole histograms per interval of time, in any order of recording with bounded memory: at most 48 are open,
 * the others wait in compressed form and are merged (exact sums of counts) at the end.
 */
export class IntervalHistograms {
  readonly #intervals = new Map<number, Interval>();
  readonly #open = new Set<Interval>();
  #uses = 0;

  /** `index` of the interval: floor(time / length). */
  record(index: number, valueUs: number): void {
    let interval = this.#intervals.get(index);
    if (interval === undefined) {
      interval = { open: null, lastUse: 0, frozen: [], negative: 0, overflow: 0, max: Number.NEGATIVE_INFINITY };
      this.#intervals.set(index, interval);
    }
    if (valueUs > interval.max) interval.max = valueUs;
    if (valueUs < 0) interval.negative++;
    else if (valueUs > HIGHEST_US) interval.overflow++;
    else this.#histogramOf(interval).recordValue(valueUs);
  }

  /** Every interval that holds something, ascending. `percentile` reads are guarded by the given fewest counts. */
  finish(minSamples: Readonly<Record<"p50" | "p90" | "p99" | "p999", number>>): IntervalHistogram[] {
    const indexes = [...this.#intervals.keys()].sort((a, b) => a - b);
    return indexes.map((index) => {
      const interval = this.#intervals.get(index)!;
      const histogram = merged(interval);
      this.#open.delete(interval);
      const held = histogram.totalCount;
      const at = (percent: number, least: number) =>
        held < least ? null : Math.min(interval.max, histogram.getValueAtPercentile(percent));
      const result: IntervalHistogram = {
        index,
        count: held + interval.negative + interval.overflow,
        negative: interval.negative,
        overflow: interval.overflow,
        max: interval.max,
        p50: at(50, minSamples.p50),
        p90: at(90, minSamples.p90),
        p99: at(99, minSamples.p99),
        p999: at(99.9, minSamples.p999),
        encoded: encodeIntoCompressedBase64(histogram),
      };
      histogram.destroy();
      return result;
    });
  }

  #histogramOf(interval: Interval): Histogram {
    interval.lastUse = ++this.#uses;
    if (interval.open !== null) return interval.open;
    if (this.#open.size >= MAX_OPEN) this.#freezeOldest();
    interval.open = newHistogram();
    this.#open.add(interval);
    return interval.open;
  }

  #freezeOldest(): void {
    let oldest: Interval | null = null;
    for (const interval of this.#open) if (oldest === null || interval.lastUse < oldest.lastUse) oldest = interval;
    if (oldest?.open == null) return;
    if (oldest.frozen.length === MAX_FROZEN) mergeFrozen(oldest, oldest.open);
    oldest.frozen.push(encodeIntoCompressedBase64(oldest.open));
    oldest.open.destroy();
    oldest.open = null;
    this.#open.delete(oldest);
  }
}

function merged(interval: Interval): Histogram {
  const sum = interval.open ?? newHistogram();
  interval.open = null;
  mergeFrozen(interval, sum);
  return sum;
}

function mergeFrozen(interval: Interval, into: Histogram): void {
  for (const text of interval.frozen) {
    const part = decodeFromCompressedBase64(text, 32, true);
    into.add(part);
    part.destroy();
  }
  interval.frozen.length = 0;
}
