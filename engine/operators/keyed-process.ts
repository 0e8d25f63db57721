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

/**
 * A function with state and event-time timers per key. What it must remember belongs into the context's state (numbers and one byte
 * string per key), never into the object: only that state is saved and moved.
 */
export interface KeyedProcess {
  /** How many numbers a key's state has, whether it has bytes, and which lists of rows. */
  readonly state: KeyedState;
  onRow(row: Row, context: KeyedContext, out: RowCollector): void;
  /** A timer of the current key is due. */
  onTimer?(timeMs: number, context: KeyedContext, out: RowCollector): void;
  /** What the function counts, by name, since the instance was opened. */
  counters?(): Readonly<Record<string, number>>;
}

/** Runs a `KeyedProcess`. Timers fire in the order (time, key group, key bytes). */
export class KeyedProcessOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #schema: RowSchema;
  readonly #process: KeyedProcess;
  readonly #row = new Row();
  #context: KeyedContext | null = null;
  #out: OutputBatch | null = null;

  /** `codec`: keys of the input; `schema`: of the output. */
  constructor(codec: KeyCodec, schema: RowSchema, process: KeyedProcess) {
    this.#codec = codec;
    this.#schema = schema;
    this.#process = process;
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = new KeyedContext(this.#codec, context.keyGroups, this.#process.state);
    this.#out = new OutputBatch(this.#schema, output);
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
      if (codec.numeric) context.useNumber(codec.numberOf(batch, physical));
      else {
        codec.encode(batch, physical);
        context.useBytes(codec.bytes, 0, codec.length);
      }
      context.useRow(batch, physical);
      this.#process.onRow(row, context, out.rows);
      out.flushIfFull();
    }
    out.flush();
  }

  advanceWatermark(timeMs: number): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    context.watermarkMs = timeMs;
    context.timers.fire(timeMs, (dueMs, _group, bytes, start, end) => {
      context.useBytes(bytes, start, end);
      this.#process.onTimer?.(dueMs, context, out.rows);
      out.flushIfFull();
    });
    out.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    present(this.#context, "context").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    present(this.#context, "context").restore(snapshots);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#process.counters?.() ?? {};
  }
}
