import { decodeFromCompressedBase64, type JsHistogram } from "hdr-histogram-js";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";

/** Outputs of one stretch of time and of latency: from (included) to (excluded). */
export interface HeatCell {
  readonly second: number;
  readonly secondEnd: number;
  readonly latencyUs: number;
  readonly latencyEndUs: number;
  readonly outputs: number;
}

export interface LatencyHeat {
  readonly cells: readonly HeatCell[];
  /** Outputs that no cell can hold: below 1 µs, above 1 h. */
  readonly negative: number;
  readonly overflow: number;
  /** Length of a stretch of time, s. */
  readonly seconds: number;
}

/** Stretches of latency by power of ten: narrow enough to keep two modes apart. */
const PER_DECADE = 12;
/** Longer runs get longer stretches. */
const MOST_STRETCHES = 150;

/** Counts of interval histograms of one second each, by time and by logarithm of latency; only where there are any. Ascending by time, then latency. */
export function latencyHeat(intervals: readonly IntervalHistogram[]): LatencyHeat {
  const last = intervals.reduce((most, { index }) => Math.max(most, index), 0);
  const seconds = Math.ceil((last + 1) / MOST_STRETCHES);
  const counts = new Map<number, Map<number, number>>();
  let [negative, overflow] = [0, 0];
  for (const interval of intervals) {
    negative += interval.negative;
    overflow += interval.overflow;
    const stretch = Math.floor(interval.index / seconds);
    const column = counts.get(stretch) ?? new Map<number, number>();
    counts.set(stretch, column);
    for (const { valueUs, count } of recorded(interval)) {
      const band = Math.floor(Math.log10(Math.max(1, valueUs)) * PER_DECADE);
      column.set(band, (column.get(band) ?? 0) + count);
    }
  }
  const ascending = <V>(map: ReadonlyMap<number, V>) => [...map].sort(([a], [b]) => a - b);
  const cells = ascending(counts).flatMap(([stretch, column]) =>
    ascending(column).map(
      ([band, outputs]): HeatCell => ({
        second: stretch * seconds,
        secondEnd: (stretch + 1) * seconds,
        latencyUs: edgeUs(band),
        latencyEndUs: edgeUs(band + 1),
        outputs,
      }),
    ),
  );
  return { cells, negative, overflow, seconds };
}

function edgeUs(band: number): number {
  return 10 ** (band / PER_DECADE);
}

/** Every value of a stored histogram with its count. The library's JavaScript histogram tells them, its WebAssembly one does not. */
function* recorded({ encoded }: IntervalHistogram): Generator<{ readonly valueUs: number; readonly count: number }> {
  const histogram = decodeFromCompressedBase64(encoded, 32, false) as JsHistogram;
  const { recordedValuesIterator: values } = histogram;
  values.reset();
  while (values.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = values.next();
    yield { valueUs: valueIteratedTo, count: countAddedInThisIterationStep };
  }
}
