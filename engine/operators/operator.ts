import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/** Key groups [first, end) of `total` that an instance owns. */
export interface KeyGroupRange {
  readonly first: number;
  readonly end: number;
  readonly total: number;
}

export interface OperatorContext {
  readonly operatorId: string;
  readonly instance: number;
  readonly parallelism: number;
  readonly keyGroups: KeyGroupRange;
  /** Epoch time now, integer µs. There only for operators whose node declares `processingTime`: their output is not a function of their input. */
  readonly processingTimeUs?: () => number;
}

/** Where an operator's rows go: the next operator of the chain, or the output gate. */
export interface Output {
  emit(batch: ColumnBatch): void;
}

/**
 * An operator instance: a pure, deterministic state machine. It is driven by its chain on one thread; all it does is a function of
 * the calls made to it. It never reads a clock (but for what `processingTimeUs` says), never draws a random number, never iterates in an order that its input does not fix.
 */
export interface Operator {
  /** Called once, before anything else. */
  open(context: OperatorContext, output: Output): void;
  /** Rows of input `input` (0 for all but two-input operators), in order. */
  process(input: number, batch: ColumnBatch): void;
  /**
   * The operator's watermark is now `timeMs` (it only grows; +Infinity at the end of input): no row with eventTime ≤ timeMs follows.
   * Fires what is due in the order (time, key group, key bytes). The chain forwards the watermark after this returns.
   */
  advanceWatermark(timeMs: number): void;
  /** Writes all state, by key group where keyed. Changes nothing. */
  snapshot(writer: SnapshotWriter): void;
  /** Called after `open` and before any row: loads the parts of these snapshots (several after a rescale) that it owns. */
  restore(snapshots: readonly SnapshotReader[]): void;
  /** What the operator counts (late rows …), by name, since it was opened; shown with the task's counters. */
  counters?(): Readonly<Record<string, number>>;
}
