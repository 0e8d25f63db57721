import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/** What a sink tells its task. */
export interface SinkHost {
  /** `blocked` or `settled` may have changed. */
  wake(): void;
  fail(error: Error): void;
}

/** A sink instance: the end of a chain. Delivery is at-least-once until transactions come. */
export interface Sink {
  /** Opens what it writes to; once, before any row. */
  start(): void;
  emit(batch: ColumnBatch): void;
  /** End of an input step: what was written may leave. */
  endStep(): void;
  /** true: the task should take no more input until `SinkHost.wake`. */
  readonly blocked: boolean;
  /** Everything written is durable. */
  readonly settled: boolean;
  readonly rows: number;
  readonly bytes: number;
  /** First phase of a commit: calls `done` when all rows emitted so far are durable (or held for `commit`). */
  prepare(checkpointId: number, done: () => void): void;
  /** Second phase, when the checkpoint is complete: makes what was prepared visible. Nothing to do for at-least-once. */
  commit(checkpointId: number): void;
  counters(): Readonly<Record<string, number>>;
  snapshot(writer: SnapshotWriter): void;
  restore(reader: SnapshotReader): void;
  close(): void;
}
