import type { Column, ColumnBatch } from "../rows/batch.ts";
import { BatchView } from "../rows/batch-view.ts";
import { NumberColumnBuffer } from "../rows/columns.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { StatelessOperator } from "./stateless.ts";

/** Sets the derived columns of physical row `row`: `derived[i].values[row]`, and `nulls` where there is no value (0 before). */
export type Derivation = (batch: ColumnBatch, row: number, derived: readonly NumberColumnBuffer[]) => void;

/** Adds numeric columns computed from the others, behind them; copies nothing. */
export class DeriveOperator extends StatelessOperator {
  readonly #schema: RowSchema;
  readonly #derivation: Derivation;
  readonly #derived: readonly NumberColumnBuffer[];
  readonly #columns: Column[];
  readonly #view = new BatchView();
  #capacity = 0;

  /** `schema`: the input's fields, then `count` derived ones. */
  constructor(schema: RowSchema, count: number, derivation: Derivation) {
    super();
    this.#schema = schema;
    this.#derivation = derivation;
    this.#derived = Array.from({ length: count }, () => new NumberColumnBuffer(0, true));
    this.#columns = new Array<Column>(schema.fields.length);
  }

  override process(_input: number, batch: ColumnBatch): void {
    const { selection, selectedCount } = batch;
    const derived = this.#derived;
    this.#makeRoom(batch.eventTimes.length);
    for (let i = 0; i < selectedCount; i++) {
      const row = selection[i]!;
      for (let column = 0; column < derived.length; column++) derived[column]!.nulls![row] = 0;
      this.#derivation(batch, row, derived);
    }
    const given = batch.columns.length;
    for (let i = 0; i < given; i++) this.#columns[i] = batch.columns[i]!;
    for (let i = 0; i < derived.length; i++) this.#columns[given + i] = derived[i]!;
    const view = this.#view;
    view.borrow(batch);
    view.schema = this.#schema;
    view.columns = this.#columns;
    this.emit(view);
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = rows;
    for (const column of this.#derived) column.grow(rows);
  }
}

/** A number computed from a row; null is NULL. */
export type RowExpression = (row: Row) => number | null;

/** One column: the value of the expression. */
export function expression(compute: RowExpression): Derivation {
  const cursor = new Row();
  return (batch, row, [result]) => {
    cursor.bind(batch);
    cursor.moveTo(row);
    const value = compute(cursor);
    if (value === null) result!.nulls![row] = 1;
    else result!.values[row] = value;
  };
}

/** Start and end of the tumbling window of `sizeMs` that the row's event time lies in. */
export function tumblingBounds(sizeMs: number): Derivation {
  return (batch, row, [start, end]) => {
    const startMs = Math.floor(batch.eventTimes[row]! / sizeMs) * sizeMs;
    start!.values[row] = startMs;
    end!.values[row] = startMs + sizeMs;
  };
}
