import type { ColumnBatch } from "../rows/batch.ts";
import { BatchView } from "../rows/batch-view.ts";
import { Row } from "../rows/row.ts";
import { StatelessOperator } from "./stateless.ts";

export type RowPredicate = (row: Row) => boolean;

/** Narrows the selection to the rows for which the predicate holds. */
export class FilterOperator extends StatelessOperator {
  readonly #predicate: RowPredicate;
  readonly #row = new Row();
  readonly #view = new BatchView();
  #selection: Int32Array = new Int32Array(0);

  constructor(predicate: RowPredicate) {
    super();
    this.#predicate = predicate;
  }

  override process(_input: number, batch: ColumnBatch): void {
    if (this.#selection.length < batch.selectedCount) this.#selection = new Int32Array(batch.selection.length);
    const row = this.#row;
    const predicate = this.#predicate;
    const { selection, selectedCount } = batch;
    const kept = this.#selection;
    let count = 0;
    row.bind(batch);
    for (let i = 0; i < selectedCount; i++) {
      const physical = selection[i]!;
      row.moveTo(physical);
      if (predicate(row)) kept[count++] = physical;
    }
    const view = this.#view;
    view.borrow(batch);
    view.selection = kept;
    view.selectedCount = count;
    this.emit(view);
  }
}
