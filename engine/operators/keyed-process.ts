import { present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import type { KeyCodec } from "../rows/key.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { KeyedContext, type KeyedState } from "./keyed-context.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";
import { ProcessingAlarm } from "./processing-alarm.ts";
import { SideBatches, type SideCollectors, type SideOutput } from "./side-output.ts";

/**
 * A function with state and timers per key. What it must remember belongs into the context's state (numbers and one byte
 * string per key), never into the object: only that state is saved and moved.
 */
export interface KeyedProcess {
  /** How many numbers a key's state has, whether it has bytes, and which lists of rows. */
  readonly state: KeyedState;
  onRow(row: Row, context: KeyedContext, out: RowCollector): void;
  /** A timer of the current key is due. */
  onTimer?(timeMs: number, context: KeyedContext, out: RowCollector): void;
  /** A processing-time timer of the current key is due, `timeMs` being what it was set to; at the end of input all are. */
  onProcessingTimer?(timeMs: number, context: KeyedContext, out: RowCollector): void;
  /** What the function counts, by name, since the instance was opened. */
  counters?(): Readonly<Record<string, number>>;
}

/** Runs a `KeyedProcess`. Timers fire in the order (time, key group, key bytes). */
export class KeyedProcessOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #schema: RowSchema;
  readonly #process: KeyedProcess;
  readonly #row = new Row();
  readonly #sides: SideBatches;
  #context: KeyedContext | null = null;
  #out: OutputBatch | null = null;
  /** There where the operator is given the clock. */
  #alarm: ProcessingAlarm | null = null;

  /** `codec`: keys of the input; `schema`: of the output; `create` makes the function, given the collectors of `sides`. */
  constructor(
    codec: KeyCodec,
    schema: RowSchema,
    create: (sides: SideCollectors) => KeyedProcess,
    sides: readonly SideOutput[] = [],
  ) {
    this.#codec = codec;
    this.#schema = schema;
    this.#sides = new SideBatches(sides);
    this.#process = create(this.#sides);
  }

  open(context: OperatorContext, output: Output): void {
    const keyed = new KeyedContext(this.#codec, context.keyGroups, this.#process.state);
    this.#context = keyed;
    this.#out = new OutputBatch(this.#schema, output);
    this.#sides.open(context);
    if (context.processingTimeUs === undefined) return;
    this.#alarm = new ProcessingAlarm(context, (nowMs) => this.#fireProcessing(nowMs));
    keyed.useProcessingTime(context.keyGroups, this.#alarm);
  }

  process(_input: number, batch: ColumnBatch): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    const codec = this.#codec;
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      const physical = batch.selection[i]!;
      row.moveTo(physical);
      context.useKeyOf(codec, batch, physical);
      context.useRow(batch, physical);
      this.#process.onRow(row, context, out.rows);
      out.flushIfFull();
      this.#sides.flushIfFull();
    }
    out.flush();
    this.#sides.flush();
  }

  advanceWatermark(timeMs: number): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    context.watermarkMs = timeMs;
    // At the end these go first: they may still set event-time timers, which then fire too.
    if (timeMs === Number.POSITIVE_INFINITY && this.#alarm !== null) this.#fireProcessing(timeMs);
    context.timers.fire(timeMs, (dueMs, _group, bytes, start, end) => {
      context.useBytes(bytes, start, end);
      this.#process.onTimer?.(dueMs, context, out.rows);
      out.flushIfFull();
      this.#sides.flushIfFull();
    });
    out.flush();
    this.#sides.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    present(this.#context, "context").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    const context = present(this.#context, "context");
    context.restore(snapshots);
    if (context.processingTimers !== null) this.#alarm?.wakeAt(context.processingTimers.nextMs);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#process.counters?.() ?? {};
  }

  #fireProcessing(nowMs: number): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    const timers = present(context.processingTimers, "processing-time timers");
    timers.fire(nowMs, (dueMs, _group, bytes, start, end) => {
      context.useBytes(bytes, start, end);
      this.#process.onProcessingTimer?.(dueMs, context, out.rows);
      out.flushIfFull();
      this.#sides.flushIfFull();
    });
    out.flush();
    this.#sides.flush();
    if (nowMs !== Number.POSITIVE_INFINITY) present(this.#alarm, "alarm").wakeAt(timers.nextMs);
  }
}
