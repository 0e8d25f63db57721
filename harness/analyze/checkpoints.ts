import type { CheckpointReport } from "../../engine/cluster/checkpoint-facts.ts";
import type { CheckpointSummary } from "../sweep/model.ts";
import { spread } from "./cell-summary.ts";
import { readJsonLines } from "./results-folder.ts";

/** Reports of a run's checkpoints in the order of their triggers; [] where it took none. */
export function readCheckpoints(file: string): readonly CheckpointReport[] {
  return readJsonLines<CheckpointReport>(file).sort(
    (a, b) => a.triggeredUs - b.triggeredUs || a.checkpointId - b.checkpointId,
  );
}

/** From trigger to end. */
export function durationMs({ triggeredUs, endedUs }: CheckpointReport): number {
  return (endedUs - triggeredUs) / 1000;
}

/** null without checkpoints. */
export function summarizeCheckpoints(reports: readonly CheckpointReport[]): CheckpointSummary | null {
  if (reports.length === 0) return null;
  const completed = reports.filter(({ outcome }) => outcome === "completed");
  const tasks = completed.flatMap((report) => report.tasks);
  const medianAndMax = (values: readonly number[]) => {
    const { median, max } = spread(values);
    return { median, max };
  };
  const maxMs = (valuesUs: readonly number[]) => (valuesUs.length === 0 ? null : Math.max(...valuesUs) / 1000);
  return {
    completed: completed.length,
    aborted: reports.length - completed.length,
    durationMs: medianAndMax(completed.map(durationMs)),
    bytes: medianAndMax(completed.map(({ bytes }) => bytes)),
    alignmentMaxMs: maxMs(tasks.map(({ alignmentUs }) => alignmentUs)),
    syncMaxMs: maxMs(tasks.map(({ syncUs }) => syncUs)),
  };
}
