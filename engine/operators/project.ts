import type { Column, ColumnBatch } from "../rows/batch.ts";
import { BatchView } from "../rows/batch-view.ts";
import type { RowSchema } from "../rows/schema.ts";
import { StatelessOperator } from "./stateless.ts";

/** Picks, reorders and renames columns; field i of `schema` is field `indexes[i]` of the input. */
export class ProjectOperator extends StatelessOperator {
  readonly #schema: RowSchema;
  readonly #indexes: readonly number[];
  readonly #columns: Column[];
  readonly #view = new BatchView();

  constructor(schema: RowSchema, indexes: readonly number[]) {
    super();
    this.#schema = schema;
    this.#indexes = indexes;
    this.#columns = new Array<Column>(indexes.length);
  }

  override process(_input: number, batch: ColumnBatch): void {
    for (let i = 0; i < this.#indexes.length; i++) this.#columns[i] = batch.columns[this.#indexes[i]!]!;
    const view = this.#view;
    view.borrow(batch);
    view.schema = this.#schema;
    view.columns = this.#columns;
    this.emit(view);
  }
}
