import { present } from "../../base/assert.ts";
import type { Column, ColumnBatch, NumberColumn } from "../rows/batch.ts";
import { BatchView } from "../rows/batch-view.ts";
import { NumberColumnBuffer } from "../rows/columns.ts";
import type { OperatorContext, Output } from "./operator.ts";
import { StatelessOperator } from "./stateless.ts";

const FIRST_ROWS = 256;

/**
 * Sets one numeric field to the processing time, µs since the epoch: in all rows, or only where it is 0 or NULL. Reads the clock once a
 * batch. Its node must declare `processingTime`. Copies the one column and nothing else.
 */
export class StampOperator extends StatelessOperator {
  readonly #field: number;
  readonly #onlyWhereZero: boolean;
  readonly #view = new BatchView();
  readonly #stamped = new NumberColumnBuffer(FIRST_ROWS, false);
  #capacity = FIRST_ROWS;
  #columns: Column[] = [];
  #nowUs: (() => number) | null = null;

  constructor(field: number, onlyWhereZero: boolean) {
    super();
    this.#field = field;
    this.#onlyWhereZero = onlyWhereZero;
  }

  override open(context: OperatorContext, output: Output): void {
    super.open(context, output);
    this.#nowUs = present(context.processingTimeUs, "the declared processing time");
  }

  override process(_input: number, batch: ColumnBatch): void {
    const nowUs = present(this.#nowUs, "clock")();
    const { values } = batch.columns[this.#field] as NumberColumn;
    this.#reserve(batch.eventTimes.length);
    const stamped = this.#stamped.values;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      stamped[row] = this.#onlyWhereZero && values[row] !== 0 ? values[row]! : nowUs;
    }
    if (this.#columns.length !== batch.columns.length) this.#columns = new Array<Column>(batch.columns.length);
    for (let i = 0; i < batch.columns.length; i++) this.#columns[i] = batch.columns[i]!;
    this.#columns[this.#field] = this.#stamped;
    const view = this.#view;
    view.borrow(batch);
    view.columns = this.#columns;
    this.emit(view);
  }

  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = rows;
    this.#stamped.grow(rows);
  }
}
