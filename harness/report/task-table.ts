import type { TaskStep } from "../analyze/tasks/task-series.ts";
import { type Column, csv, rounded } from "./csv.ts";

const COLUMNS: readonly Column<TaskStep>[] = [
  { name: "at_ms", value: ({ atMs }) => rounded(atMs) },
  { name: "operator", value: ({ vertex }) => vertex },
  { name: "subtask", value: ({ subtask }) => subtask },
  { name: "records_in_per_second", value: (step) => rounded(step.recordsInPerSecond) },
  { name: "records_out_per_second", value: (step) => rounded(step.recordsOutPerSecond) },
  { name: "bytes_out_per_second", value: (step) => rounded(step.bytesOutPerSecond) },
  { name: "busy_ms_per_second", value: ({ busyShare }) => rounded(1000 * busyShare) },
  { name: "back_pressured_ms_per_second", value: ({ blockedShare }) => rounded(1000 * blockedShare) },
  {
    name: "idle_ms_per_second",
    value: ({ busyShare, blockedShare }) => rounded(1000 * Math.max(0, 1 - busyShare - blockedShare)),
  },
  { name: "watermark_ms", value: ({ watermarkMs }) => watermarkMs },
  { name: "watermark_lag_ms", value: ({ watermarkLagMs }) => watermarkLagMs },
];

/** `series/<run>.tasks.csv`: one line a look, about a second apart, and task. */
export function taskSeriesCsv(steps: readonly TaskStep[]): string {
  return csv(COLUMNS, steps);
}
