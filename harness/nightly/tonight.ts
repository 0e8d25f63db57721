import { cellMetrics } from "../analyze/cell-metrics.ts";
import type { Campaign } from "../analyze/compare/campaign.ts";
import { METRICS, type Metric } from "../analyze/compare/metrics.ts";
import { machineClass } from "../sweep/machine-class.ts";
import type { RunResult } from "../sweep/model.ts";
import type { HistoryRow } from "./history-row.ts";

/** One gate of one cell tonight; n = 0 and nulls: no valid run has it. */
export interface NightNumber {
  readonly cell: string;
  readonly canary: boolean;
  readonly metric: Metric;
  readonly n: number;
  readonly median: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** What a night measured. */
export interface Tonight extends Pick<HistoryRow, "time" | "lane" | "config" | "machine" | "commit" | "dirty"> {
  /** What was asked for. */
  readonly gates: readonly string[];
  readonly numbers: readonly NightNumber[];
  /** Runs whose outputs were wrong, or that broke otherwise. */
  readonly failed: readonly RunResult[];
}

/** Metrics of which a night's history is kept unless others are asked for: few, because each has its own chance of a false alarm. */
export const NIGHT_GATES: readonly string[] = ["p50", "cpu", "gap"];

/** The hash of a config as histories have it. */
export function nightConfig(hash: string): string {
  return hash.slice(0, 12);
}

/** The numbers of a campaign as a night: gates only, and the canary's own. */
export function tonightOf({ manifest, results }: Campaign, gates: readonly string[]): Tonight {
  const { provenance } = manifest;
  const measured = cellMetrics(results).filter(({ metric }) => gates.includes(metric.name));
  const silent = Object.keys(manifest.cells).filter((id) => !measured.some(({ cell }) => cell === id));
  const first = METRICS.find(({ name }) => gates.includes(name))!;
  const isCanary = (id: string) => manifest.order.some(({ cell }) => cell.id === id && cell.canary === true);
  return {
    ...{ time: manifest.createdAt, lane: manifest.name, config: nightConfig(manifest.configHash), gates },
    ...{ machine: machineClass(provenance), commit: provenance.commit, dirty: provenance.dirty === true },
    numbers: [
      ...measured.map(({ cell, isCanary: canary, metric, n, median, interval }) => {
        return { cell, canary, metric, n, median, low: interval?.low ?? null, high: interval?.high ?? null };
      }),
      ...silent.map((cell) => {
        return { cell, canary: isCanary(cell), metric: first, n: 0, median: null, low: null, high: null };
      }),
    ],
    failed: results.filter(({ state }) => state === "failed"),
  };
}
