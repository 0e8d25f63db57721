import type { ColumnBatch, NumberColumn, StringColumn } from "../../../rows/batch.ts";
import type { FieldType, RowSchema } from "../../../rows/schema.ts";
import type { EncodedRows } from "../../format.ts";
import { KERNEL_ROWS, type Kernel, type KernelArena, PROGRAM_BYTES } from "./kernel.ts";
import { ProgramWriter } from "./program-writer.ts";

/** Kinds of fields, as in encode.as; what is not here the kernel does not write. */
const KIND: Readonly<Partial<Record<FieldType, number>>> = { string: 0, i64: 1, timestamp: 1, decimal3: 2 };
const FIELD_WORDS = 6;
/** For fewer rows the call is not worth its preparation. */
const LEAST_ROWS = 8;
/** Columns that are not in the kernel's memory are copied: there is room for so many. */
const MAX_FIELDS = 48;

/** Strings are copied with what lies between them, unless that is more than so much of what is needed, and this. */
const MOST_GAPS = 4;
const SMALL_BYTES = 4096;

/** Where a column is copied to when it lies elsewhere: a numeric one, or the places of a string one, which are in the same memory. */
interface Copy {
  readonly values: Float64Array;
  readonly nulls: Uint8Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
}

/** Writes whole batches as JSON by the kernel: in place where a `JsonDecoder` has read them, copied to its memory column by column otherwise. */
export class KernelEncoder {
  readonly #kernel: Kernel;
  readonly #program: Uint8Array;
  readonly #arena: KernelArena;
  /** By field, made when first needed. */
  readonly #copies: Copy[] = [];
  /** Of strings, in the call under way. */
  #copiedBytes = 0;
  readonly #encoded: { bytes: Uint8Array; start: number; ends: Int32Array; count: number };

  private constructor(kernel: Kernel, program: Uint8Array) {
    this.#kernel = kernel;
    this.#program = program;
    this.#arena = kernel.copies();
    this.#encoded = { bytes: kernel.bytes, start: kernel.output, ends: kernel.rowEnds, count: 0 };
  }

  /** null for a schema that the kernel cannot write: doubles, too many fields. */
  static of(kernel: Kernel | null, schema: RowSchema): KernelEncoder | null {
    const { fields } = schema;
    if (kernel === null || fields.length > MAX_FIELDS || fields.some(({ type }) => KIND[type] === undefined))
      return null;
    const program = new ProgramWriter(kernel.encodeProgramAt, PROGRAM_BYTES);
    const table = program.reserve(fields.length * FIELD_WORDS);
    fields.forEach(({ name, type }, i) => {
      const { at, length } = program.text(`${i === 0 ? "{" : ","}${JSON.stringify(name)}:`);
      program.set(table, i * FIELD_WORDS, at);
      program.set(table, i * FIELD_WORDS + 1, length);
      program.set(table, i * FIELD_WORDS + 2, KIND[type]!);
    });
    return new KernelEncoder(kernel, program.finish());
  }

  /** See `RowEncoder.encodeRows`. */
  encodeRows(batch: ColumnBatch, first: number): EncodedRows | null {
    const { selection, selectedCount, columns } = batch;
    const count = Math.min(selectedCount, first + KERNEL_ROWS);
    if (count - first < LEAST_ROWS || selection[count - 1]! >= KERNEL_ROWS) return null;
    const kernel = this.#kernel;
    kernel.loadEncodeProgram(this.#program);
    this.#copiedBytes = 0;
    for (let i = first; i < count; i++) kernel.selection[i - first] = selection[i]!;
    for (let field = 0; field < columns.length; field++) {
      const column = columns[field]!;
      const place = field * FIELD_WORDS + 3;
      if (column.kind === "string") {
        if (!this.#setStrings(column, field, place, count - first)) return null;
      } else {
        const { values, nulls } = this.#reachable(column, field, count - first);
        kernel.setEncodeAddress(place, values);
        kernel.setEncodeAddress(place + 1, nulls);
      }
    }
    this.#encoded.count = kernel.encode(columns.length, 0, count - first);
    return this.#encoded.count === 0 ? null : this.#encoded;
  }

  /** Tells the kernel where the strings of the first `rows` selected rows are, after copying them if need be; false: not worth it. */
  #setStrings(column: StringColumn, field: number, place: number, rows: number): boolean {
    const kernel = this.#kernel;
    let places: Pick<StringColumn, "offsets" | "lengths"> = column;
    let base: number | null = 0;
    if (column.bytes !== kernel.bytes) {
      places = this.#copy(field);
      base = this.#copyStrings(column, places, rows);
      if (base === null) return false;
    }
    kernel.setEncodeAddress(place, places.offsets);
    kernel.setEncodeAddress(place + 1, places.lengths);
    kernel.setEncodeWord(place + 2, base);
    return true;
  }

  /** Copies the strings and their places; returns what the kernel has to add to an offset, null when it is not worth it. */
  #copyStrings(column: StringColumn, to: Pick<StringColumn, "offsets" | "lengths">, rows: number): number | null {
    const { selection } = this.#kernel;
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    let needed = 0;
    for (let i = 0; i < rows; i++) {
      const row = selection[i]!;
      const offset = column.offsets[row]!;
      const length = column.lengths[row]!;
      to.offsets[row] = offset;
      to.lengths[row] = length;
      if (length < 0) continue;
      if (offset < first) first = offset;
      if (offset + length > last) last = offset + length;
      needed += length;
    }
    if (first >= last) return 0; // nothing to copy: NULLs and empty strings
    if (last - first > MOST_GAPS * needed + SMALL_BYTES) return null;
    const at = this.#copiedBytes;
    this.#copiedBytes += last - first;
    return this.#kernel.copyString(column.bytes, first, last, at);
  }

  #copy(field: number): Copy {
    const known = this.#copies[field];
    if (known !== undefined) return known;
    const values = this.#arena.f64(KERNEL_ROWS);
    const { buffer, byteOffset } = values;
    const made = {
      values,
      nulls: this.#arena.u8(KERNEL_ROWS),
      offsets: new Int32Array(buffer, byteOffset, KERNEL_ROWS),
      lengths: new Int32Array(buffer, byteOffset + 4 * KERNEL_ROWS, KERNEL_ROWS),
    };
    this.#copies[field] = made;
    return made;
  }

  /** The column itself when the kernel can reach it, else a copy of its first `rows` selected rows. */
  #reachable(column: NumberColumn, field: number, rows: number): Pick<NumberColumn, "values" | "nulls"> {
    const { bytes, selection } = this.#kernel;
    if (column.values.buffer === bytes.buffer && (column.nulls === null || column.nulls.buffer === bytes.buffer)) {
      return column;
    }
    const { values, nulls } = this.#copy(field);
    for (let i = 0; i < rows; i++) {
      const row = selection[i]!;
      values[row] = column.values[row]!;
      if (column.nulls !== null) nulls[row] = column.nulls[row]!;
    }
    return { values, nulls: column.nulls === null ? null : nulls };
  }
}
