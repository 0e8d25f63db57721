import type { CellMetric } from "../analyze/cell-metrics.ts";
import { machineClass } from "../sweep/machine-class.ts";
import type { Manifest } from "../sweep/store.ts";
import { type Column, csv } from "./csv.ts";
import { METRIC_UNITS } from "./metric-units.ts";

/**
 * `history.csv` as Apache Otava's CSV importer reads it: one row, the time of the campaign, attributes, and a column a metric. Otava takes
 * no empty cell, so what was not measured has no column; rows of campaigns with the same header can be put under each other.
 */
export function historyCsv(manifest: Partial<Manifest>, metrics: readonly CellMetric[]): string {
  const { provenance } = manifest;
  const columns: Column<Partial<Manifest>>[] = [
    { name: "time", value: ({ createdAt }) => createdAt ?? null },
    { name: "campaign", value: ({ name }) => name ?? null },
    { name: "commit", value: () => provenance?.commit ?? null },
    { name: "version", value: () => provenance?.faultline ?? null },
    { name: "machine", value: () => (provenance === undefined ? null : machineClass(provenance)) },
    ...metrics.map(({ cell, metric, median }) => ({
      name: `${cell}.${metric.name}_${METRIC_UNITS[metric.unit]}`,
      value: () => median,
    })),
  ];
  return csv(columns, metrics.length === 0 ? [] : [manifest]);
}
