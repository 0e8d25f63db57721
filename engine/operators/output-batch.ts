import { BatchBuilder } from "../rows/batch-builder.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { Output } from "./operator.ts";

/** An operator that makes rows hands them on at this many, so that columns stay in the cache and memory stays bounded. */
export const OUTPUT_BATCH_ROWS = 1024;

/** Rows that an operator makes, handed to its output when they are many and when `flush` is called. */
export class OutputBatch {
  readonly rows: BatchBuilder;
  readonly #output: Output;

  constructor(schema: RowSchema, output: Output) {
    this.rows = new BatchBuilder(schema);
    this.#output = output;
  }

  /** Call between rows: hands them on when they are many. */
  flushIfFull(): void {
    if (this.rows.rowCount >= OUTPUT_BATCH_ROWS) this.flush();
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.rows.rowCount === 0) return;
    this.#output.emit(this.rows);
    this.rows.clear();
  }
}
