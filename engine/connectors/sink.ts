import type { AbortFate } from "../cluster/checkpoint-facts.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/** What `prepare` gives when there is nothing to restore. */
export const NO_SINK_STATE: Uint8Array = new Uint8Array(0);

/** What a sink tells its task. */
export interface SinkHost {
  /** `blocked` or `settled` may have changed. */
  wake(): void;
  fail(error: Error): void;
}

/** A sink instance: the end of a chain. */
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
  /** Nothing that was written waits for a commit; always true of a sink without transactions. */
  readonly committed: boolean;
  readonly rows: number;
  readonly bytes: number;
  /**
   * First phase of a commit: calls `done` once all rows emitted so far are durable (or held for `commit`), with the state that a sink
   * which starts from the checkpoint must be given. At most one `prepare` is under way.
   */
  prepare(checkpointId: number, done: (state: Uint8Array) => void): void;
  /**
   * Second phase, when the checkpoint is complete: makes visible what was prepared for it and for aborted ones before it. Nothing to do
   * for at-least-once.
   */
  commit(checkpointId: number): void;
  /** The checkpoint is not complete, for what `fate` says of it. Nothing to do for at-least-once. */
  abandon(checkpointId: number, fate: AbortFate): void;
  counters(): Readonly<Record<string, number>>;
  /** Before `start`: the state that `prepare` gave for the checkpoint that the job starts from. */
  restore(state: Uint8Array): void;
  close(): void;
}
