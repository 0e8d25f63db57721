import { Random } from "../../base/random.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { loadDurationMs } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import type { Cell, PlannedRun } from "./model.ts";

/** The runs of a sweep in the order of execution. */
export interface Plan {
  readonly runs: readonly PlannedRun[];
  /** Estimated wall time of all runs and of starting the services, ms. */
  readonly estimatedMs: number;
}

/** Starting and warming a private broker. */
export const SERVICES_MS = 9_000;
/** Topics, deployment, start of feeder and observer before a run; draining, stopping and analysis after it. */
const RUN_OVERHEAD_MS = 4_500;

/** One run of each cell per repetition; each repetition is a block in random order, decided by the seed. */
export function planRuns(cells: readonly Cell[], repetitions: number, seed: number): PlannedRun[] {
  const random = new Random(seed);
  const runs: PlannedRun[] = [];
  for (let block = 0; block < repetitions; block++) {
    for (const cell of random.shuffled(cells)) {
      const repetition = block + 1;
      runs.push({ id: `${cell.id}-r${repetition}`, cell, repetition, order: runs.length, block });
    }
  }
  return runs;
}

export function planSweep(sweep: ResolvedSweep): Plan {
  const { repetitions, seed } = sweep.config;
  const cells = sweep.cells.map(({ cell }) => cell);
  const onceMs = sweep.cells.reduce((sum, { config }) => sum + estimateRunMs(config), 0);
  return { runs: planRuns(cells, repetitions, seed), estimatedMs: SERVICES_MS + onceMs * repetitions };
}

export function estimateRunMs(config: Config): number {
  return loadDurationMs(config) + RUN_OVERHEAD_MS;
}
