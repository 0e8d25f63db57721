import type { RowSchema } from "./schema.ts";

/** Numbers of one field, indexed by physical row. `nulls[row]` = 1 means SQL NULL; `nulls` null: none is. */
export interface NumberColumn {
  readonly kind: "number";
  readonly values: Float64Array;
  readonly nulls: Uint8Array | null;
}

/**
 * Strings of one field as spans into `bytes`. The bytes are the string in JSON form without the quotes, escaped exactly as
 * `JSON.stringify` would: canonical, so equal strings have equal bytes, and JSON in, JSON out needs no re-coding.
 * `lengths[row]` = −1 means SQL NULL.
 */
export interface StringColumn {
  readonly kind: "string";
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
}

export type Column = NumberColumn | StringColumn;

/** What a row means downstream: an addition, or the new row of its key (upsert). */
export const ROW_INSERT = 0;
export const ROW_UPSERT = 1;

/**
 * Rows of one schema as columns. A batch, its columns and the bytes they point into are valid only until the call that was
 * given them returns: who keeps anything copies it. Only the rows named by `selection[0 .. selectedCount)` (ascending physical
 * indexes) exist; a filter narrows the selection and copies nothing.
 */
export interface ColumnBatch {
  readonly schema: RowSchema;
  readonly columns: readonly Column[];
  /** Event time of each physical row, ms. */
  readonly eventTimes: Float64Array;
  readonly kinds: Uint8Array;
  readonly selection: Int32Array;
  selectedCount: number;
}
