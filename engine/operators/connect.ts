import { assert, present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import type { KeyCodec } from "../rows/key.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { KeyedContext, type KeyedState } from "./keyed-context.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";

/** A function over two keyed inputs that share one state per key. What it must remember belongs into the context's state. */
export interface KeyedConnect {
  readonly state: KeyedState;
  onFirst(row: Row, context: KeyedContext, out: RowCollector): void;
  onSecond(row: Row, context: KeyedContext, out: RowCollector): void;
  /** A timer of the current key is due. */
  onTimer?(timeMs: number, context: KeyedContext, out: RowCollector): void;
}

/** Runs a `KeyedConnect`: rows in order of arrival, whichever input they come from. */
export class KeyedConnectOperator implements Operator {
  readonly #codecs: readonly [KeyCodec, KeyCodec];
  readonly #schema: RowSchema;
  readonly #connect: KeyedConnect;
  readonly #row = new Row();
  #context: KeyedContext | null = null;
  #out: OutputBatch | null = null;

  /** `codecs`: keys of both inputs, of the same types; `schema`: of the output. */
  constructor(codecs: readonly [KeyCodec, KeyCodec], schema: RowSchema, connect: KeyedConnect) {
    const [first, second] = codecs.map(({ fields }) => fields.map(({ type }) => type).join());
    assert(first === second, "both inputs are keyed alike", { first, second });
    this.#codecs = codecs;
    this.#schema = schema;
    this.#connect = connect;
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = new KeyedContext(this.#codecs[0], context.keyGroups, this.#connect.state);
    this.#out = new OutputBatch(this.#schema, output);
  }

  process(input: number, batch: ColumnBatch): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    const codec = present(this.#codecs[input], "input of a connected operator");
    const connect = this.#connect;
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      const physical = batch.selection[i]!;
      row.moveTo(physical);
      context.useKeyOf(codec, batch, physical);
      context.useRow(batch, physical);
      if (input === 0) connect.onFirst(row, context, out.rows);
      else connect.onSecond(row, context, out.rows);
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
      this.#connect.onTimer?.(dueMs, context, out.rows);
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
}
