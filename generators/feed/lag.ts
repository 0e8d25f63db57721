import { build, type Histogram, HistogramLogWriter } from "hdr-histogram-js";

/** Lags below this many µs are counted one by one in an array, which costs a few ns; the rest goes to the histogram at once. */
const DIRECT_US = 32_768;
const HIGHEST_US = 3_600_000_000;
const TAG = "generator-lag";

/** Percentiles in µs of what was recorded; all 0 when `n` is 0, so look at `n` first. */
export interface LagSummary {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly n: number;
}

function newHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });
}

/**
 * Generator lag (sent − due, µs) as interval histograms (3 digits, 1 µs .. 1 h) and their sum. Interval histograms go to `log`
 * as lines of an HdrHistogram log, version 1.3, tagged `generator-lag`; its times are seconds since `startWallMs`.
 */
export class LagRecorder {
  readonly #direct = new Int32Array(DIRECT_US);
  readonly #interval = newHistogram();
  readonly #total = newHistogram();
  readonly #writer: HistogramLogWriter;
  #directMax = -1;
  #max = 0;
  #overflow = 0;

  constructor(log: (text: string) => void, startWallMs: number) {
    this.#interval.tag = TAG;
    this.#writer = new HistogramLogWriter(log);
    this.#writer.outputLogFormatVersion();
    this.#writer.outputComment(`[StartTime: ${(startWallMs / 1000).toFixed(3)} (seconds since epoch)]`);
    this.#writer.outputComment(`[BaseTime: ${(startWallMs / 1000).toFixed(3)} (seconds since epoch)]`);
    this.#writer.outputLegend();
  }

  /** `lagUs`: integer, not negative, because nothing is sent before it is due. */
  record(lagUs: number): void {
    if (lagUs < DIRECT_US) {
      this.#direct[lagUs] = this.#direct[lagUs]! + 1;
      if (lagUs > this.#directMax) this.#directMax = lagUs;
    } else if (lagUs <= HIGHEST_US) {
      this.#interval.recordValue(lagUs);
    } else {
      this.#overflow++;
    }
    if (lagUs > this.#max) this.#max = lagUs;
  }

  /** Lags above one hour: in `max`, in no percentile. */
  get overflow(): number {
    return this.#overflow;
  }

  /** Ends an interval: writes its line (also when empty) and returns its summary. Times in seconds since the start. */
  closeInterval(startSec: number, endSec: number): LagSummary {
    for (let value = 0; value <= this.#directMax; value++) {
      const count = this.#direct[value]!;
      if (count === 0) continue;
      this.#interval.recordValueWithCount(value, count);
      this.#direct[value] = 0;
    }
    this.#directMax = -1;
    this.#writer.outputIntervalHistogram(this.#interval, startSec, endSec, 1000);
    this.#total.add(this.#interval);
    const summary = summarize(this.#interval, this.#interval.maxValue);
    this.#interval.reset();
    this.#interval.tag = TAG;
    return summary;
  }

  /** Of all closed intervals. `max` is exact. */
  total(): LagSummary {
    return summarize(this.#total, this.#max);
  }
}

function summarize(histogram: Histogram, max: number): LagSummary {
  const n = histogram.totalCount;
  if (n === 0) return { p50: 0, p99: 0, p999: 0, max: 0, n };
  return {
    p50: histogram.getValueAtPercentile(50),
    p99: histogram.getValueAtPercentile(99),
    p999: histogram.getValueAtPercentile(99.9),
    max,
    n,
  };
}
