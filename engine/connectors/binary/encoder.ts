import type { ColumnBatch, NumberColumn, StringColumn } from "../../rows/batch.ts";
import { copyWords, ViewCache } from "../../rows/bytes.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RowEncoder } from "../format.ts";
import { HEAD_BYTES, headOf, type RecordLayout, recordLayout, rowVariant, schemaHash } from "./layout.ts";

const TWO_32 = 4_294_967_296;

/** Makes the encoders of a binary sink: one record a row, all fields of the schema (docs/decisions/0011-binary-wire-format.md). */
export function binaryEncoder(schema: RowSchema): () => RowEncoder {
  return () => new BinaryEncoder(schema);
}

/** Writes rows as binary records. Strings are copied as they are; NULL is a flag, as is a double that is not finite. */
export class BinaryEncoder implements RowEncoder {
  readonly #layout: RecordLayout;
  readonly #head: number;
  readonly #isDouble: readonly boolean[];
  /** One per field for its column's bytes, one more for the target. */
  readonly #views = new ViewCache();

  constructor(schema: RowSchema) {
    const variant = rowVariant(schema.fields);
    this.#layout = recordLayout(variant);
    this.#head = headOf(schemaHash([variant]), variant.tag);
    this.#isDouble = schema.fields.map(({ type }) => type === "f64");
  }

  maxBytes(batch: ColumnBatch, row: number): number {
    let bytes = this.#layout.fixedBytes;
    for (let field = 0; field < batch.columns.length; field++) {
      const column = batch.columns[field]!;
      if (column.kind === "string") bytes += Math.max(column.lengths[row]!, 0);
    }
    return bytes;
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    const { places, flagBytes, fixedBytes } = this.#layout;
    const { columns } = batch;
    const view = this.#views.of(places.length, target);
    view.setUint32(at, this.#head, true);
    const flags = at + HEAD_BYTES;
    for (let i = 0; i < flagBytes; i++) target[flags + i] = 0;
    const strings = at + fixedBytes;
    let end = strings;
    for (let field = 0; field < places.length; field++) {
      const column = columns[field]!;
      if (column.kind === "string") {
        const length = column.lengths[row]!;
        if (length > 0) end = this.#copy(view, end, field, column, column.offsets[row]!, length);
        else if (length < 0) target[flags + (field >> 3)]! |= 1 << (field & 7);
        view.setUint32(at + places[field]!, end - strings, true);
      } else this.#number(view, at + places[field]!, flags, field, column, row);
    }
    return end;
  }

  #copy(view: DataView, at: number, field: number, { bytes }: StringColumn, start: number, length: number): number {
    copyWords(view, at, this.#views.of(field, bytes), start, length);
    return at + length;
  }

  #number(view: DataView, place: number, flags: number, field: number, column: NumberColumn, row: number): void {
    const { values, nulls } = column;
    let value = values[row]!;
    if ((nulls !== null && nulls[row] === 1) || !Number.isFinite(value)) {
      const flag = flags + (field >> 3);
      view.setUint8(flag, view.getUint8(flag) | (1 << (field & 7)));
      value = 0;
    }
    if (this.#isDouble[field]) view.setFloat64(place, value, true);
    else writeInteger(view, place, value);
  }
}

/** Writes an int64; `value`: a safe integer. */
function writeInteger(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  view.setUint32(at, value - high * TWO_32, true);
  view.setInt32(at + 4, high, true);
}
