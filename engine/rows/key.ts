import { FaultlineError } from "../../base/errors.ts";
import type { ColumnBatch, NumberColumn, StringColumn } from "./batch.ts";
import type { RowWriter } from "./batch-builder.ts";
import { copyBytes, grownBytes } from "./bytes.ts";
import { keyGroupOfBytes, keyGroupOfNumber } from "./key-groups.ts";
import type { FieldType, RowSchema } from "./schema.ts";

/** How a numeric key (`KeyCodec.numeric`) says SQL NULL; sorts before all values, as NULL does in key bytes. */
export const NULL_KEY = Number.NEGATIVE_INFINITY;

const TAG_NULL = 0;
const TAG_VALUE = 1;
const TWO_32 = 4294967296;
const NUMBER_BYTES = 8;

/**
 * Keys of rows: some fields of a schema, in order. Key bytes compare (memcmp) as the tuples of values do, NULL first:
 *
 *     a field = 0, or 1 and its value
 *     integers: i64 big endian with the sign bit flipped
 *     f64: IEEE 754 big endian, sign bit flipped, all bits of negatives flipped
 *     strings: their canonical bytes and a 0 (which canonical bytes never contain)
 *
 * A key of one integer field (`numeric`) can be used as a plain number instead, without making bytes; its group comes from the
 * number. All other keys' groups come from the bytes. So a key has one group, whichever way it is reached.
 */
export class KeyCodec {
  /** Is the key one integer field? Then use `numberOf`. */
  readonly numeric: boolean;
  /** The key fields, in order. */
  readonly fields: readonly { readonly index: number; readonly type: FieldType }[];
  /** Key bytes that the last `encode` made: `bytes[0, length)`. */
  bytes: Uint8Array = new Uint8Array(64);
  length = 0;
  #view: DataView = new DataView(this.bytes.buffer);

  /** `job-invalid` when the schema lacks one of `names`, or there is none. */
  constructor(schema: RowSchema, names: readonly string[]) {
    if (names.length === 0) throw new FaultlineError("job-invalid", "a key needs at least one field");
    this.fields = names.map((name) => {
      const index = schema.index(name);
      return { index, type: schema.fields[index]!.type };
    });
    const only = this.fields.length === 1 ? this.fields[0]!.type : "string";
    this.numeric = only !== "string" && only !== "f64";
  }

  /** The numeric key of a row; `NULL_KEY` where it is NULL. */
  numberOf(batch: ColumnBatch, row: number): number {
    const column = batch.columns[this.fields[0]!.index] as NumberColumn;
    return column.nulls !== null && column.nulls[row] === 1 ? NULL_KEY : column.values[row]!;
  }

  /** Group of a row's key among `total`. Uses `bytes` for keys that are not numeric. */
  groupOf(batch: ColumnBatch, row: number, total: number): number {
    if (this.numeric) return keyGroupOfNumber(this.numberOf(batch, row), total);
    this.encode(batch, row);
    return keyGroupOfBytes(this.bytes, 0, this.length, total);
  }

  /** Makes the key bytes of a row: `bytes[0, length)`. */
  encode(batch: ColumnBatch, row: number): void {
    this.length = 0;
    for (let i = 0; i < this.fields.length; i++) {
      const { index, type } = this.fields[i]!;
      const column = batch.columns[index]!;
      if (column.kind === "string") this.#string(column, row);
      else if (column.nulls !== null && column.nulls[row] === 1) this.#null();
      else if (type === "f64") this.#double(column.values[row]!);
      else this.#integer(column.values[row]!);
    }
  }

  /** Makes the key bytes of a numeric key. */
  encodeNumber(key: number): void {
    this.length = 0;
    if (key === NULL_KEY) this.#null();
    else this.#integer(key);
  }

  /** The numeric key whose bytes begin at `start`. */
  decodeNumber(bytes: Uint8Array, start: number): number {
    return bytes[start] === TAG_NULL ? NULL_KEY : this.#readInteger(bytes, start + 1);
  }

  /** Sets fields 0, 1 … of `out` from a numeric key. */
  writeNumber(key: number, out: RowWriter): void {
    if (key === NULL_KEY) out.setNull(0);
    else out.setNumber(0, key);
  }

  /** Sets fields 0, 1 … of `out` from key bytes that begin at `start`. */
  writeBytes(bytes: Uint8Array, start: number, out: RowWriter): void {
    let at = start;
    for (let field = 0; field < this.fields.length; field++) {
      if (bytes[at] === TAG_NULL) {
        out.setNull(field);
        at += 1;
      } else at = this.#writeValue(field, bytes, at + 1, out);
    }
  }

  #writeValue(field: number, bytes: Uint8Array, at: number, out: RowWriter): number {
    const { type } = this.fields[field]!;
    if (type === "string") {
      let end = at;
      while (bytes[end] !== 0) end += 1;
      out.setBytes(field, bytes, at, end - at);
      return end + 1;
    }
    out.setNumber(field, type === "f64" ? this.#readDouble(bytes, at) : this.#readInteger(bytes, at));
    return at + NUMBER_BYTES;
  }

  #reserve(size: number): number {
    const at = this.length;
    this.length = at + size;
    if (this.length > this.bytes.length) {
      this.bytes = grownBytes(this.bytes, at, this.length);
      this.#view = new DataView(this.bytes.buffer);
    }
    return at;
  }

  #null(): void {
    this.bytes[this.#reserve(1)] = TAG_NULL;
  }

  #integer(value: number): void {
    const at = this.#reserve(1 + NUMBER_BYTES);
    this.bytes[at] = TAG_VALUE;
    this.#view.setInt32(at + 1, Math.floor(value / TWO_32) ^ 0x80000000);
    this.#view.setInt32(at + 5, value | 0);
  }

  #double(value: number): void {
    const at = this.#reserve(1 + NUMBER_BYTES);
    this.bytes[at] = TAG_VALUE;
    this.#view.setFloat64(at + 1, value + 0); // −0 + 0 is 0: equal values, equal bytes
    const high = this.#view.getInt32(at + 1);
    const negative = high < 0;
    this.#view.setInt32(at + 1, negative ? ~high : high ^ 0x80000000);
    if (negative) this.#view.setInt32(at + 5, ~this.#view.getInt32(at + 5));
  }

  #string(column: StringColumn, row: number): void {
    const length = column.lengths[row]!;
    if (length < 0) {
      this.#null();
      return;
    }
    const at = this.#reserve(length + 2);
    this.bytes[at] = TAG_VALUE;
    copyBytes(this.bytes, at + 1, column.bytes, column.offsets[row]!, length);
    this.bytes[at + 1 + length] = 0;
  }

  #readInteger(bytes: Uint8Array, at: number): number {
    const high = readInt32(bytes, at) ^ 0x80000000;
    return high * TWO_32 + (readInt32(bytes, at + 4) >>> 0);
  }

  #readDouble(bytes: Uint8Array, at: number): number {
    const high = readInt32(bytes, at);
    const low = readInt32(bytes, at + 4);
    const scratch = new DataView(new ArrayBuffer(NUMBER_BYTES));
    scratch.setInt32(0, high < 0 ? high ^ 0x80000000 : ~high);
    scratch.setInt32(4, high < 0 ? low : ~low);
    return scratch.getFloat64(0);
  }
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
