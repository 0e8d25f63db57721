import type { ColumnBatch } from "./batch.ts";
import { type ColumnBuffer, columnBuffers } from "./columns.ts";
import type { RowSchema } from "./schema.ts";

/** Where a batch's arrays come from: the heap, or a memory that is shared with something else. */
export interface ColumnMemory {
  f64(length: number): Float64Array;
  i32(length: number): Int32Array;
  u8(length: number): Uint8Array;
}

const HEAP: ColumnMemory = {
  f64: (length) => new Float64Array(length),
  i32: (length) => new Int32Array(length),
  u8: (length) => new Uint8Array(length),
};

const NONE: ReadonlySet<string> = new Set();

/**
 * Columns of fixed capacity that a decoder fills again and again. Strings are spans of the decoder's input; a numeric column has NULL
 * flags only while the batch has a NULL in it, unless it is `nullable`. All rows are inserts until the decoder says otherwise.
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
  /** Has the column flags in every batch, by field? */
  readonly #nullable: readonly boolean[];

  /** `nullable`: names of the numeric columns that always have flags. */
  constructor(schema: RowSchema, capacity: number, memory: ColumnMemory = HEAP, nullable: ReadonlySet<string> = NONE) {
    this.schema = schema;
    this.columns = columnBuffers(schema, 0, false, 0);
    this.eventTimes = memory.f64(capacity);
    this.kinds = new Uint8Array(capacity);
    this.selection = new Int32Array(capacity);
    for (let row = 0; row < capacity; row++) this.selection[row] = row; // 100 times as fast as `Int32Array.from`
    this.#nullable = schema.fields.map(
      ({ name }, field) => this.columns[field]!.kind === "number" && nullable.has(name),
    );
    this.#flags = this.#nullable.map((always) => (always ? memory.u8(capacity) : null));
    this.columns.forEach((column, field) => {
      if (column.kind === "string") {
        column.offsets = memory.i32(capacity);
        column.lengths = memory.i32(capacity);
      } else {
        column.values = memory.f64(capacity);
        column.nulls = this.#flags[field]!;
      }
    });
  }

  /** Begins an empty batch whose strings are in `bytes`. */
  begin(bytes: Uint8Array): void {
    this.selectedCount = 0;
    for (let field = 0; field < this.columns.length; field++) {
      const column = this.columns[field]!;
      if (column.kind === "string") column.bytes = bytes;
      else column.nulls = this.#nullable[field] ? this.#clearFlags(field) : null;
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
