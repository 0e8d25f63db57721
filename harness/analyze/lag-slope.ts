import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import { LatencyHistogram, SIGNIFICANT_DIGITS } from "../measure/latency-histogram.ts";

/** Seconds with outputs below which a slope is not told. */
const LEAST_SECONDS = 3;
/** All pairs of more seconds than this would be millions: they are thinned evenly. */
const MOST_SECONDS = 1_000;

/**
 * How fast the backlog grew over the measured window, as a share of the offered rate. An output that comes `l` after its trigger was due
 * has `l × rate` events waiting before it; so the slope of the median latency over the due time, in seconds per second, is the growth
 * of the backlog per offered event. The line is that of Theil and Sen: the median of the slopes between all pairs of seconds, which a
 * single bad second does not move. Null with fewer than 3 seconds that have outputs. `intervals`: by due time, one a second.
 */
export function lagSlope(intervals: readonly IntervalHistogram[], fromSecond: number, toSecond: number): number | null {
  const inside = intervals.filter(({ index, count }) => index >= fromSecond && index < toSecond && count > 0);
  const every = Math.ceil(inside.length / MOST_SECONDS);
  const points = inside
    .filter((_, i) => i % every === 0)
    .flatMap((interval) => {
      const medianUs = medianOf(interval);
      return medianUs === null ? [] : [{ second: interval.index, seconds: medianUs / 1e6 }];
    });
  if (points.length < LEAST_SECONDS) return null;
  const slopes: number[] = [];
  for (const [i, a] of points.entries()) {
    for (const b of points.slice(i + 1)) slopes.push((b.seconds - a.seconds) / (b.second - a.second));
  }
  const sorted = Float64Array.from(slopes).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Also of a second with so few outputs that its median is not reported: the line through all of them is. */
function medianOf({ p50, encoded, negative, overflow, max }: IntervalHistogram): number | null {
  if (p50 !== null) return p50;
  const histogram = new LatencyHistogram();
  try {
    histogram.addFrozen({ encoded, digits: SIGNIFICANT_DIGITS, negative, overflow, min: 0, max });
    return histogram.percentile(50);
  } finally {
    histogram.destroy();
  }
}
