import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { CallOut, Files, Timer } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/** Key groups [first, end) of `total` that an instance owns. */
export interface KeyGroupRange {
  readonly first: number;
  readonly end: number;
  readonly total: number;
}

/** What an operator may do that does not give its rows on at once. Asked for in `open`. */
export interface OperatorControl {
  /** From now on a watermark goes on only when the operator calls what this returns; also that of the end, +Infinity. */
  holdWatermarks(): (timeMs: number) => void;
  /** The operator has as many rows as it may hold: its task takes no more input until it says false. */
  setFull(full: boolean): void;
  /** Called when the task starts: before that nothing may be asked of the world, also not by `restore`. */
  onStart(handler: () => void): void;
  /** Of the head of a loop: called with the smallest watermark of all its feedback channels when that has advanced. */
  onFeedback(handler: (timeMs: number) => void): void;
}

export interface OperatorContext {
  readonly operatorId: string;
  readonly instance: number;
  readonly parallelism: number;
  readonly keyGroups: KeyGroupRange;
  /** Epoch time now, integer µs. There only for operators whose node declares `processingTime`: their output is not a function of their input. */
  readonly processingTimeUs?: () => number;
  /** Calls back once, at the earliest `delayUs` from now, between the other calls. There where `processingTimeUs` is. */
  readonly after?: (delayUs: number, callback: () => void) => Timer;
  /** Requests to the world, for operators whose node declares `processingTime`. Absent: this process makes none. */
  readonly callOut?: CallOut;
  /** Absent: files cannot be read here. */
  readonly files?: Files;
  readonly control?: OperatorControl;
  /** Where rows of a side output go; null when nobody reads them. Absent: nobody reads any. */
  readonly sideOutput?: (tag: string) => Output | null;
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
  /**
   * Writes all state, by key group where keyed, as it is now. Changes nothing. What grows with keys or rows is frozen and deferred
   * (`SnapshotWriter.defer`), so that this takes bounded time, and is written while the operator goes on.
   */
  snapshot(writer: SnapshotWriter): void;
  /** Called after `open` and before any row: loads the parts of these snapshots (several after a rescale) that it owns. */
  restore(snapshots: readonly SnapshotReader[]): void;
  /**
   * Of an operator that holds rows which nothing keeps back: hands them on now. Called before every barrier, so that they are in no snapshot,
   * and before receivers are told not to wait for its task. Jobs with replicas have no such operators: these would have to number alike
   * what they hand on.
   */
  handOn?(): void;
  /** Of an operator that holds watermarks: has it rows that are still to go on? Then receivers must wait for its task, idle or not. */
  holdsRows?(): boolean;
  /** What the operator counts (late rows …), by name, since it was opened; shown with the task's counters. */
  counters?(): Readonly<Record<string, number>>;
}
