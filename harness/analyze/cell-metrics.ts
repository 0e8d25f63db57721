import type { RunResult } from "../sweep/model.ts";
import { compareResults } from "./cell-summary.ts";
import { METRICS, type Metric } from "./compare/metrics.ts";
import { medianInterval } from "./median-interval.ts";
import { median } from "./statistics/median.ts";

/** One metric of one cell over its valid runs: what histories of benchmarks keep. */
export interface CellMetric {
  readonly cell: string;
  readonly isCanary: boolean;
  readonly metric: Metric;
  /** Valid runs that have a number. */
  readonly n: number;
  /** In the metric's unit, as the interval. */
  readonly median: number;
  /** 95 % interval of the median; null below 6 runs, where there is none. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Runs among them in which it was not over at the end of the load, so that the number is too small. */
  readonly censored: number;
}

/** By cell in the order of tables, the canary last, then in the order of `bench compare`. Invalid, failed and planted runs have no part in it. */
export function cellMetrics(results: readonly RunResult[]): readonly CellMetric[] {
  const counted = results.filter(({ state, planted }) => state === "valid" && planted === undefined);
  const byCell = Map.groupBy([...counted].sort(compareResults), ({ run }) => run.cell.id);
  const isCanaryCell = (runs: readonly RunResult[]) => runs[0]!.run.cell.canary === true;
  const cells = [...byCell].sort(([, a], [, b]) => Number(isCanaryCell(a)) - Number(isCanaryCell(b)));
  return cells.flatMap(([cell, runs]) =>
    METRICS.flatMap((metric): CellMetric[] => {
      const measured = runs.flatMap((run) => metric.of(run) ?? []);
      if (measured.length === 0) return [];
      const values = measured.map(({ value }) => value);
      const isCanary = isCanaryCell(runs);
      const censored = measured.filter((one) => one.censored).length;
      const interval = medianInterval(values);
      return [{ cell, isCanary, metric, n: values.length, median: median(values)!, interval, censored }];
    }),
  );
}
