import type { ColumnBatch } from "../../rows/batch.ts";
import { copyBytes, copyWords, ViewCache } from "../../rows/bytes.ts";
import type { FieldType, RowSchema } from "../../rows/schema.ts";
import type { EncodedRows, RowEncoder } from "../format.ts";
import { KernelEncoder } from "./kernel/encode-program.ts";
import { type Kernel, sharedKernel } from "./kernel/kernel.ts";
import { MAX_NUMBER_BYTES, writeDouble, writeInteger, writeThousandths } from "./numbers.ts";

const QUOTE = 0x22;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NULL = new TextEncoder().encode("null");

/** Makes the encoders of a JSON sink: one object a row, all fields in the schema's order: `{"auction":1007,"price":90.8,"extra":"…"}`. */
export function jsonEncoder(schema: RowSchema): () => RowEncoder {
  return () => new JsonEncoder(schema);
}

/** Writes rows as JSON without white space. Integers and decimals are exact, strings are copied as they are, NULL is `null`. */
export class JsonEncoder implements RowEncoder {
  /** `"name":` of each field, with the comma before it. */
  readonly #names: readonly DataView[];
  readonly #types: readonly FieldType[];
  readonly #fixedBytes: number;
  /** One per field for its column's bytes, one more for the target. */
  readonly #views = new ViewCache();

  readonly #kernel: KernelEncoder | null;

  /** `kernel` null: does without. */
  constructor(schema: RowSchema, kernel: Kernel | null = sharedKernel()) {
    this.#kernel = KernelEncoder.of(kernel, schema);
    const encoder = new TextEncoder();
    this.#types = schema.fields.map((field) => field.type);
    this.#names = schema.fields.map(({ name }, i) => {
      return new DataView(encoder.encode(`${i === 0 ? "" : ","}${JSON.stringify(name)}:`).buffer);
    });
    this.#fixedBytes = this.#names.reduce((sum, name) => sum + name.byteLength + MAX_NUMBER_BYTES, 2);
  }

  maxBytes(batch: ColumnBatch, row: number): number {
    let bytes = this.#fixedBytes;
    for (let field = 0; field < this.#types.length; field++) {
      const column = batch.columns[field]!;
      if (column.kind === "string") bytes += Math.max(column.lengths[row]!, 0);
    }
    return bytes;
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    const view = this.#views.of(this.#types.length, target);
    let end = at;
    target[end++] = OPEN;
    for (let field = 0; field < this.#types.length; field++) {
      const name = this.#names[field]!;
      copyWords(view, end, name, 0, name.byteLength);
      end = this.#value(batch, row, field, target, end + name.byteLength);
    }
    target[end] = CLOSE;
    return end + 1;
  }

  encodeRows(batch: ColumnBatch, first: number): EncodedRows | null {
    return this.#kernel === null ? null : this.#kernel.encodeRows(batch, first);
  }

  #value(batch: ColumnBatch, row: number, field: number, target: Uint8Array, at: number): number {
    const column = batch.columns[field]!;
    if (column.kind === "string") {
      const length = column.lengths[row]!;
      if (length < 0) return writeNull(target, at);
      target[at] = QUOTE;
      const source = this.#views.of(field, column.bytes);
      copyWords(this.#views.of(this.#types.length, target), at + 1, source, column.offsets[row]!, length);
      target[at + 1 + length] = QUOTE;
      return at + length + 2;
    }
    if (column.nulls !== null && column.nulls[row] === 1) return writeNull(target, at);
    const value = column.values[row]!;
    const type = this.#types[field]!;
    if (type === "f64") return Number.isFinite(value) ? writeDouble(target, at, value) : writeNull(target, at);
    return type === "decimal3" ? writeThousandths(target, at, value) : writeInteger(target, at, value);
  }
}

function writeNull(target: Uint8Array, at: number): number {
  copyBytes(target, at, NULL, 0, NULL.length);
  return at + NULL.length;
}
