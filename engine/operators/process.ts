import { present } from "../../base/assert.ts";
import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { readInstanceStates, writeInstanceState } from "./instance-state.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";

/** A function with state of its own per instance. One object an instance; deterministic, like all operators. */
export interface RowProcess {
  onRow(row: Row, out: RowCollector): void;
  /** No row with event time ≤ `timeMs` follows; +Infinity at the end of input. */
  onWatermark?(timeMs: number, out: RowCollector): void;
  snapshot?(writer: SnapshotWriter): void;
  /** Adds one earlier instance's state to this one's; called for each that this instance takes over (none, one or several). */
  restore?(reader: SnapshotReader): void;
}

/** Runs a `RowProcess`. */
export class ProcessOperator implements Operator {
  readonly #schema: RowSchema;
  readonly #process: RowProcess;
  readonly #row = new Row();
  #context: OperatorContext | null = null;
  #out: OutputBatch | null = null;

  constructor(schema: RowSchema, process: RowProcess) {
    this.#schema = schema;
    this.#process = process;
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = context;
    this.#out = new OutputBatch(this.#schema, output);
  }

  process(_input: number, batch: ColumnBatch): void {
    const out = present(this.#out, "output");
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      row.moveTo(batch.selection[i]!);
      this.#process.onRow(row, out.rows);
      out.flushIfFull();
    }
    out.flush();
  }

  advanceWatermark(timeMs: number): void {
    if (this.#process.onWatermark === undefined) return;
    const out = present(this.#out, "output");
    this.#process.onWatermark(timeMs, out.rows);
    out.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    const part = new SnapshotWriter();
    this.#process.snapshot?.(part);
    writeInstanceState(writer, present(this.#context, "context"), part.finish());
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    for (const state of readInstanceStates(snapshots, present(this.#context, "context"))) {
      this.#process.restore?.(new SnapshotReader(state));
    }
  }
}
