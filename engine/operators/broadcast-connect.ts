import { present } from "../../base/assert.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";

/**
 * A function over rows and broadcast rows. Its state comes from the broadcast rows alone, which every instance gets, so all instances
 * hold the same state once they have seen the same rows.
 */
export interface BroadcastConnect {
  onRow(row: Row, out: RowCollector): void;
  onBroadcast(row: Row, out: RowCollector): void;
  snapshot(writer: SnapshotWriter): void;
  /** Before any row; one instance's state. */
  restore(reader: SnapshotReader): void;
}

/** Runs a `BroadcastConnect`: input 0 are the rows, input 1 the broadcast ones. */
export class BroadcastConnectOperator implements Operator {
  readonly #schema: RowSchema;
  readonly #connect: BroadcastConnect;
  readonly #row = new Row();
  #out: OutputBatch | null = null;

  constructor(schema: RowSchema, connect: BroadcastConnect) {
    this.#schema = schema;
    this.#connect = connect;
  }

  open(_context: OperatorContext, output: Output): void {
    this.#out = new OutputBatch(this.#schema, output);
  }

  process(input: number, batch: ColumnBatch): void {
    const out = present(this.#out, "output");
    const connect = this.#connect;
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      row.moveTo(batch.selection[i]!);
      if (input === 0) connect.onRow(row, out.rows);
      else connect.onBroadcast(row, out.rows);
      out.flushIfFull();
    }
    out.flush();
  }

  advanceWatermark(): void {}

  snapshot(writer: SnapshotWriter): void {
    writer.part((state) => this.#connect.snapshot(state));
  }

  /** A barrier passes all instances behind the same broadcast rows, so any one snapshot has it all. */
  restore(snapshots: readonly SnapshotReader[]): void {
    const [any] = snapshots;
    if (any !== undefined) this.#connect.restore(new SnapshotReader(any.bytes()));
  }
}
