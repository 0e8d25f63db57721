import type { ColumnBatch } from "./batch.ts";
import { type ColumnBuffer, columnBuffers } from "./columns.ts";
import type { RowSchema } from "./schema.ts";

/**
 * Columns of fixed capacity that a decoder fills again and again. Strings are spans of the decoder's input; a numeric column has NULL
 * flags only while the batch has a NULL in it. All rows are inserts until the decoder says otherwise.
 */
export class ReusableBatch implements ColumnBatch {
  readonly schema: RowSchema;
  readonly columns: readonly ColumnBuffer[];
  readonly eventTimes: Float64Array;
  readonly kinds: Uint8Array;
  readonly selection: Int32Array;
  selectedCount = 0;
  /** Flags that columns gave back, by field. */
  readonly #flags: (Uint8Array | null)[];

  constructor(schema: RowSchema, capacity: number) {
    this.schema = schema;
    this.columns = columnBuffers(schema, capacity, false, 0);
    this.eventTimes = new Float64Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.selection = Int32Array.from({ length: capacity }, (_, row) => row);
    this.#flags = schema.fields.map(() => null);
  }

  /** Begins an empty batch whose strings are in `bytes`. */
  begin(bytes: Uint8Array): void {
    this.selectedCount = 0;
    for (let field = 0; field < this.columns.length; field++) {
      const column = this.columns[field]!;
      if (column.kind === "string") column.bytes = bytes;
      else column.nulls = null;
    }
  }

  /** Sets a field to NULL. */
  setNull(field: number, row: number): void {
    const column = this.columns[field]!;
    if (column.kind === "string") column.lengths[row] = -1;
    else {
      column.values[row] = 0;
      column.nulls ??= this.#clearFlags(field);
      column.nulls[row] = 1;
    }
  }

  /** Takes back what `setNull` did to `row`: for a row that is given up half way. */
  clearNulls(row: number): void {
    for (const column of this.columns) if (column.kind === "number" && column.nulls !== null) column.nulls[row] = 0;
  }

  #clearFlags(field: number): Uint8Array {
    const flags = this.#flags[field]?.fill(0) ?? new Uint8Array(this.kinds.length);
    this.#flags[field] = flags;
    return flags;
  }
}
