import type { RunResult } from "../sweep/model.ts";
import { mannKendall } from "./statistics/mann-kendall.ts";
import { median } from "./statistics/median.ts";

/** With fewer runs the test can say nothing. */
const LEAST_RUNS = 8;

/** How the results of a campaign moved while it went on. */
export interface SessionDrift {
  /** Of the median latency from the first run to the last, as a share: 0.08 = 8 % more. */
  readonly change: number;
  /** That the runs of a campaign that does not move show such a trend, or a stronger one. */
  readonly p: number;
  readonly runs: number;
}

/**
 * The run-order diagnostic: whether results depend on when a run took place. Each valid run's p50 is set against the median of its cell, so
 * that cells may differ and only the order counts; the trend is that of Mann and Kendall with Theil and Sen's slope. null with fewer than
 * 8 runs of cells that have several.
 */
export function sessionDrift(results: readonly RunResult[]): SessionDrift | null {
  const valid = results
    .filter(({ state, latencyUs }) => state === "valid" && latencyUs.p50 !== null && latencyUs.p50 > 0)
    .map(({ run, latencyUs }) => ({ cell: run.cell.id, order: run.order, level: Math.log(latencyUs.p50!) }));
  const cells = Map.groupBy(valid, ({ cell }) => cell);
  const levels = valid
    .filter(({ cell }) => cells.get(cell)!.length > 1)
    .sort((a, b) => a.order - b.order)
    .map(({ cell, level }) => level - median(cells.get(cell)!.map((run) => run.level))!);
  if (levels.length < LEAST_RUNS) return null;
  const { slope, p } = mannKendall(levels)!;
  return { change: Math.exp(slope * (levels.length - 1)) - 1, p, runs: levels.length };
}
