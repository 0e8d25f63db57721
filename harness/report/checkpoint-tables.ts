import type { CheckpointReport, TaskSnapshotReport } from "../../engine/cluster/checkpoint-facts.ts";
import { durationMs } from "../analyze/checkpoints.ts";
import { type Column, csv, rounded } from "./csv.ts";

interface CheckpointRow {
  readonly report: CheckpointReport;
  readonly startUs: number;
}

interface TaskRow extends CheckpointRow {
  readonly task: TaskSnapshotReport;
}

const since = (us: number | null, { startUs }: CheckpointRow) => (us === null ? null : rounded((us - startUs) / 1000));
const ms = (us: number | null) => (us === null ? null : rounded(us / 1000));

/** `series/<run>.checkpoints.csv`: one line a checkpoint. `startUs`: when event 0 was due. */
export function checkpointsCsv(reports: readonly CheckpointReport[], startUs: number): string {
  const columns: readonly Column<CheckpointRow>[] = [
    { name: "checkpoint", value: ({ report }) => report.checkpointId },
    { name: "attempt", value: ({ report }) => report.attempt },
    { name: "savepoint", value: ({ report }) => Number(report.isSavepoint) },
    { name: "triggered_ms", value: (row) => since(row.report.triggeredUs, row) },
    { name: "acknowledged_ms", value: (row) => since(row.report.acknowledgedUs, row) },
    { name: "ended_ms", value: (row) => since(row.report.endedUs, row) },
    { name: "duration_ms", value: ({ report }) => rounded(durationMs(report)) },
    { name: "size_bytes", value: ({ report }) => report.bytes },
    { name: "tasks", value: ({ report }) => report.tasks.length },
    { name: "outcome", value: ({ report }) => report.outcome },
    { name: "reason", value: ({ report }) => report.reason ?? null },
  ];
  return csv(columns, rowsOf(reports, startUs));
}

/** `series/<run>.checkpoint-tasks.csv`: one line a checkpoint and task. */
export function checkpointTasksCsv(reports: readonly CheckpointReport[], startUs: number): string {
  const columns: readonly Column<TaskRow>[] = [
    { name: "checkpoint", value: ({ report }) => report.checkpointId },
    { name: "attempt", value: ({ report }) => report.attempt },
    { name: "triggered_ms", value: (row) => since(row.report.triggeredUs, row) },
    { name: "outcome", value: ({ report }) => report.outcome },
    { name: "operator", value: ({ task }) => task.vertex },
    { name: "subtask", value: ({ task }) => task.subtask },
    { name: "start_delay_ms", value: ({ task }) => ms(task.startDelayUs) },
    { name: "alignment_ms", value: ({ task }) => ms(task.alignmentUs) },
    { name: "alignment_bytes", value: ({ task }) => task.alignmentBytes },
    { name: "sync_ms", value: ({ task }) => ms(task.syncUs) },
    { name: "async_ms", value: ({ task }) => ms(task.asyncUs) },
    { name: "size_bytes", value: ({ task }) => task.bytes },
  ];
  const rows = rowsOf(reports, startUs).flatMap((row) => row.report.tasks.map((task): TaskRow => ({ ...row, task })));
  return csv(columns, rows);
}

function rowsOf(reports: readonly CheckpointReport[], startUs: number): readonly CheckpointRow[] {
  return reports.map((report) => ({ report, startUs }));
}
