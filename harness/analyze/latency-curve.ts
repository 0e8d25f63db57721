import type { LatencyHistogram } from "../measure/latency-histogram.ts";

/** Points of the percentile plot: `inverse` = 1 / (1 − quantile). */
export interface LatencyCurve {
  readonly n: number;
  readonly points: readonly { readonly inverse: number; readonly percentile: number; readonly latencyUs: number }[];
}

const POINTS_PER_DECADE = 12;
/** Fewer values above a point make it an anecdote: there the line ends (`measurement.md`, figure 4). */
const LEAST_ABOVE = 10;

/** The percentile curve, evenly spaced on the logarithmic axis, ending where 10 values are left above. */
export function latencyCurve(histogram: LatencyHistogram): LatencyCurve {
  const n = histogram.count;
  const points: LatencyCurve["points"][number][] = [];
  for (let step = 0; ; step++) {
    const inverse = 10 ** (step / POINTS_PER_DECADE);
    if (n / inverse < LEAST_ABOVE) break;
    const percentile = 100 * (1 - 1 / inverse);
    points.push({ inverse, percentile, latencyUs: histogram.percentile(percentile)! });
  }
  return { n, points };
}

/** One point of a distribution: this share of all values is not above this latency. */
export interface SharePoint {
  readonly share: number;
  readonly latencyUs: number;
}

/**
 * The cumulative distribution: every percent up to 90 %, from there as the percentile curve goes on, so that both its body and its
 * tail are drawn. Begins and ends where 10 values are left below and above.
 */
export function latencyDistribution(histogram: LatencyHistogram): readonly SharePoint[] {
  const n = histogram.count;
  const body = Array.from({ length: 89 }, (_, i) => (i + 1) / 100);
  const tail = latencyCurve(histogram).points.flatMap(({ percentile }) => (percentile >= 90 ? [percentile / 100] : []));
  return [...body, ...tail]
    .filter((share) => n * share >= LEAST_ABOVE && n * (1 - share) >= LEAST_ABOVE - 1e-6)
    .map((share) => ({ share, latencyUs: histogram.percentile(share * 100)! }));
}
