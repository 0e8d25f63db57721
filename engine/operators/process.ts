import { present } from "../../base/assert.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { readInstanceStates, writeInstanceState } from "./instance-state.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";
import { SideBatches, type SideCollectors, type SideOutput } from "./side-output.ts";

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
  readonly #sides: SideBatches;
  readonly #row = new Row();
  #context: OperatorContext | null = null;
  #out: OutputBatch | null = null;

  /** `create` makes the function, given the collectors of `sides`. */
  constructor(schema: RowSchema, create: (sides: SideCollectors) => RowProcess, sides: readonly SideOutput[] = []) {
    this.#schema = schema;
    this.#sides = new SideBatches(sides);
    this.#process = create(this.#sides);
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = context;
    this.#out = new OutputBatch(this.#schema, output);
    this.#sides.open(context);
  }

  process(_input: number, batch: ColumnBatch): void {
    const out = present(this.#out, "output");
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      row.moveTo(batch.selection[i]!);
      this.#process.onRow(row, out.rows);
      out.flushIfFull();
      this.#sides.flushIfFull();
    }
    out.flush();
    this.#sides.flush();
  }

  advanceWatermark(timeMs: number): void {
    if (this.#process.onWatermark === undefined) return;
    const out = present(this.#out, "output");
    this.#process.onWatermark(timeMs, out.rows);
    out.flush();
    this.#sides.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    writeInstanceState(writer, present(this.#context, "context"), (state) => this.#process.snapshot?.(state));
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    for (const state of readInstanceStates(snapshots, present(this.#context, "context"))) {
      this.#process.restore?.(new SnapshotReader(state));
    }
  }
}
