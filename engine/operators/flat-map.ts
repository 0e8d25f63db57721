import type { ColumnBatch } from "../rows/batch.ts";
import { BatchBuilder, type RowCollector } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { OUTPUT_BATCH_ROWS } from "./output-batch.ts";
import { StatelessOperator } from "./stateless.ts";

/** Adds any number of rows to `out` for `row`, usually with its event time: `out.addRow(row.eventTimeMs)`. */
export type RowExpander = (row: Row, out: RowCollector) => void;

/** Makes any number of rows of each. */
export class FlatMapOperator extends StatelessOperator {
  readonly #expander: RowExpander;
  readonly #row = new Row();
  readonly #builder: BatchBuilder;

  constructor(schema: RowSchema, expander: RowExpander) {
    super();
    this.#expander = expander;
    this.#builder = new BatchBuilder(schema);
  }

  override process(_input: number, batch: ColumnBatch): void {
    const { selection, selectedCount } = batch;
    const out = this.#builder;
    const row = this.#row;
    row.bind(batch);
    for (let i = 0; i < selectedCount; i++) {
      row.moveTo(selection[i]!);
      this.#expander(row, out);
      if (out.rowCount >= OUTPUT_BATCH_ROWS) this.#flush();
    }
    this.#flush();
  }

  #flush(): void {
    this.emit(this.#builder);
    this.#builder.clear();
  }
}
