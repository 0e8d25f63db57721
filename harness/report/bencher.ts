import type { CellMetric } from "../analyze/cell-metrics.ts";
import { METRIC_UNITS } from "./metric-units.ts";

/**
 * `bencher.json` in the Bencher Metric Format: benchmark (`<campaign>/<cell>`) → measure (`p50-us`: Bencher's own `latency` is in ns) →
 * `value` and, from 6 runs on, `lower_value` and `upper_value`.
 */
export function bencherJson(campaign: string, metrics: readonly CellMetric[]): string {
  const benchmarks = [...Map.groupBy(metrics, ({ cell }) => cell)].map(([cell, ofCell]) => [
    `${campaign}/${cell}`,
    Object.fromEntries(
      ofCell.map(({ metric, median, interval }) => [
        `${metric.name}-${METRIC_UNITS[metric.unit].replaceAll("_", "-")}`,
        { value: median, ...(interval === null ? {} : { lower_value: interval.low, upper_value: interval.high }) },
      ]),
    ),
  ]);
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}
