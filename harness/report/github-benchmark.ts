import type { CellMetric } from "../analyze/cell-metrics.ts";
import { METRIC_UNITS } from "./metric-units.ts";

/**
 * `github-benchmark.json` for github-action-benchmark (tool `customSmallerIsBetter`): a list of `name`, `unit`, `value`, `range`, `extra`.
 * The tool takes one direction a file, so metrics of which more is better are left out. An empty list makes the action fail, as it should.
 */
export function githubBenchmarkJson(campaign: string, metrics: readonly CellMetric[]): string {
  const entries = metrics
    .filter(({ metric }) => metric.better === "lower")
    .map(({ cell, metric, median, interval, n, censored }) => ({
      name: `${campaign}/${cell} ${metric.name}`,
      unit: METRIC_UNITS[metric.unit],
      value: median,
      ...(interval === null ? {} : { range: `${interval.low} to ${interval.high}` }),
      extra: `median of ${n} ${n === 1 ? "run" : "runs"}${censored === 0 ? "" : `, ${censored} not over at the end of the load`}`,
    }));
  return `${JSON.stringify(entries, null, 2)}\n`;
}
