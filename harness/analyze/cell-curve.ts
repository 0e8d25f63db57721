import { LatencyHistogram } from "../measure/latency-histogram.ts";
import type { Cell } from "../sweep/model.ts";
import type { RunAnalysis } from "./analyze-run.ts";
import { type LatencyCurve, latencyCurve, latencyDistribution, type SharePoint } from "./latency-curve.ts";

/** The percentile curve of a cell: the measured latencies of its valid runs, merged by exact sum of counts. */
export interface CellCurve {
  readonly cell: Cell;
  readonly query: string;
  readonly offeredPerSecond: number | null;
  readonly curve: LatencyCurve;
  readonly distribution: readonly SharePoint[];
}

/** One curve a cell that has valid runs, in the order of `analyses`. */
export function cellCurves(analyses: readonly RunAnalysis[]): CellCurve[] {
  const byCell = new Map<string, RunAnalysis[]>();
  for (const analysis of analyses) {
    if (analysis.result.state !== "valid") continue;
    const { id } = analysis.result.run.cell;
    byCell.set(id, [...(byCell.get(id) ?? []), analysis]);
  }
  return [...byCell.values()].map((runs) => {
    const { result } = runs[0]!;
    const merged = new LatencyHistogram();
    for (const { measured } of runs) merged.addFrozen(measured);
    const curve = latencyCurve(merged);
    const distribution = latencyDistribution(merged);
    merged.destroy();
    const { query, offeredPerSecond } = result;
    return { cell: result.run.cell, query, offeredPerSecond, curve, distribution };
  });
}
