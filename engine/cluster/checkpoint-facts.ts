/** What the messages about checkpoints hold. */

/** What one task's part of a checkpoint cost. Times in µs. */
export interface SnapshotCost {
  /** Trigger at the coordinator to the task's first barrier, by the clock of the machine; null: the barrier came before word of the trigger. */
  readonly startDelayUs: number | null;
  /** First barrier to last. */
  readonly alignmentUs: number;
  /** Received on channels that waited for the others, bytes. */
  readonly alignmentBytes: number;
  /** The task stood still for the copy. */
  readonly syncUs: number;
  /** From there until the snapshot was stored. */
  readonly asyncUs: number;
  readonly bytes: number;
}

/** Where one task's snapshot is, relative to the checkpoint's folder. */
export interface SnapshotHandle {
  readonly vertex: string;
  readonly subtask: number;
  readonly file: string;
  readonly bytes: number;
  /** CRC-32C of the file. */
  readonly checksum: number;
  /** State of the task's sink, base64: the part of the file that a job needs which only ends its transactions. Absent: it has no sink. */
  readonly sink?: string;
}

/** A complete checkpoint that a job starts from. */
export interface RestorePoint {
  readonly checkpointId: number;
  /** Its folder in the store. */
  readonly folder: string;
  readonly snapshots: readonly SnapshotHandle[];
}

/** One task's part in a checkpoint's report. */
export interface TaskSnapshotReport extends SnapshotCost {
  readonly vertex: string;
  readonly subtask: number;
}

export type CheckpointPhase = "triggered" | "acknowledged" | "completed" | "aborted";

/**
 * What is known of a checkpoint that was given up. `gone`: it is not complete and never will be; `uncertain`: its metadata were on their
 * way to the store, and are being removed; `unremoved`: they could not be, so that a restart may take it for complete.
 */
export type AbortFate = "gone" | "uncertain" | "unremoved";

/** What became of a checkpoint. Times are monotonic µs of the coordinator. */
export interface CheckpointReport {
  readonly checkpointId: number;
  readonly attempt: number;
  readonly outcome: "completed" | "aborted";
  readonly isSavepoint: boolean;
  readonly folder: string;
  readonly triggeredUs: number;
  /** Last acknowledgement; null when it was aborted before. */
  readonly acknowledgedUs: number | null;
  /** Its metadata were durable, or it was given up. */
  readonly endedUs: number;
  readonly bytes: number;
  /** Why it was aborted. */
  readonly reason?: string;
  readonly tasks: readonly TaskSnapshotReport[];
}
