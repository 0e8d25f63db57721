import type { NumberColumn, StringColumn } from "./batch.ts";
import { copyBytes, grownBytes } from "./bytes.ts";
import type { FieldType, RowSchema } from "./schema.ts";

/** The one implementation of `NumberColumn`, so that every reader sees one shape. */
export class NumberColumnBuffer implements NumberColumn {
  readonly kind = "number" as const;
  values: Float64Array;
  nulls: Uint8Array | null;

  constructor(capacity: number, nullable: boolean) {
    this.values = new Float64Array(capacity);
    this.nulls = nullable ? new Uint8Array(capacity) : null;
  }

  /** Makes room for `capacity` rows and keeps what is there. */
  grow(capacity: number): void {
    const values = new Float64Array(capacity);
    values.set(this.values);
    this.values = values;
    if (this.nulls === null) return;
    const nulls = new Uint8Array(capacity);
    nulls.set(this.nulls);
    this.nulls = nulls;
  }
}

/** The one implementation of `StringColumn`: spans into `bytes`, which is its own arena or somebody else's buffer. */
export class StringColumnBuffer implements StringColumn {
  readonly kind = "string" as const;
  bytes: Uint8Array;
  offsets: Int32Array;
  lengths: Int32Array;
  #used = 0;

  constructor(capacity: number, arenaBytes: number) {
    this.bytes = new Uint8Array(arenaBytes);
    this.offsets = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
  }

  grow(capacity: number): void {
    const offsets = new Int32Array(capacity);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const lengths = new Int32Array(capacity);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }

  /** Forgets the arena's content. */
  clear(): void {
    this.#used = 0;
  }

  /** Copies the span into the arena and makes it the value of `row`. */
  append(row: number, source: Uint8Array, start: number, length: number): void {
    const at = this.#used;
    const end = at + length;
    if (end > this.bytes.length) this.bytes = grownBytes(this.bytes, at, end);
    copyBytes(this.bytes, at, source, start, length);
    this.offsets[row] = at;
    this.lengths[row] = length;
    this.#used = end;
  }
}

export type ColumnBuffer = NumberColumnBuffer | StringColumnBuffer;

/** Is the field held as numbers? */
function isNumeric(type: FieldType): boolean {
  return type !== "string";
}

/** Empty columns for the fields of `schema`. */
export function columnBuffers(
  schema: RowSchema,
  capacity: number,
  nullable: boolean,
  arenaBytes: number,
): ColumnBuffer[] {
  return schema.fields.map((field) =>
    isNumeric(field.type) ? new NumberColumnBuffer(capacity, nullable) : new StringColumnBuffer(capacity, arenaBytes),
  );
}
