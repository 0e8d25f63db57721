import type { ColumnBatch } from "./batch.ts";
import { type BinaryLayout, binaryLayout, EVENT_TIME_AT, KIND_AT, NULL_BITS_AT, SLOT_BYTES } from "./binary-layout.ts";
import { copyWords, grownBytes, Slab, ViewCache } from "./bytes.ts";
import type { RowSchema } from "./schema.ts";

const NO_BYTES = new Uint8Array(0);

/** Appends rows in binary form (`binary-layout.ts`) to a buffer that it hands over when asked. */
export class BinaryRowWriter {
  readonly #layout: BinaryLayout;
  readonly #initialBytes: number;
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer);
  readonly #views = new ViewCache();
  readonly #slab: Slab;
  #length = 0;
  #count = 0;

  /** `initialBytes`: first size of each buffer; it doubles as rows need it. */
  constructor(schema: RowSchema, initialBytes = 4096) {
    this.#layout = binaryLayout(schema);
    this.#initialBytes = initialBytes;
    this.#slab = new Slab(initialBytes);
  }

  /** Bytes and rows appended since the last `take` or `clear`. */
  get byteLength(): number {
    return this.#length;
  }

  get count(): number {
    return this.#count;
  }

  /** The buffer that holds the rows, and a view of it: valid until the next call that adds rows. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Appends physical row `row` of `batch`, which must have the writer's schema. */
  append(batch: ColumnBatch, row: number): void {
    const { fieldCount, nullBytes, slotsAt, fixedBytes } = this.#layout;
    const at = this.#length;
    this.#reserve(at + fixedBytes);
    const columns = batch.columns;
    let end = at + fixedBytes;
    for (let i = 0; i < nullBytes; i++) this.#bytes[at + NULL_BITS_AT + i] = 0;
    for (let field = 0; field < fieldCount; field++) {
      const column = columns[field]!;
      const slot = at + slotsAt + field * SLOT_BYTES;
      if (column.kind === "number") {
        const isNull = column.nulls !== null && column.nulls[row] === 1;
        if (isNull) this.#markNull(at, field);
        const value = column.values[row]!;
        // NaN has many encodings, and which one a computation leaves depends on how it was compiled: replicas must write one.
        this.#view.setFloat64(slot, isNull ? 0 : Number.isNaN(value) ? Number.NaN : value, true);
        continue;
      }
      const length = column.lengths[row]!;
      if (length < 0) this.#markNull(at, field);
      const size = Math.max(length, 0);
      this.#reserve(end + size);
      this.#view.setInt32(slot, size === 0 ? 0 : end - at, true);
      this.#view.setInt32(slot + 4, size, true);
      copyWords(this.#view, end, this.#views.of(field, column.bytes), column.offsets[row]!, size);
      end += size;
    }
    this.#view.setInt32(at, end - at, true);
    this.#view.setFloat64(at + EVENT_TIME_AT, batch.eventTimes[row]!, true);
    this.#bytes[at + KIND_AT] = batch.kinds[row]!;
    this.#length = end;
    this.#count += 1;
  }

  /**
   * The rows appended so far. The bytes are the caller's. Where they fill less than half of the buffer they are copied and the buffer is
   * used again: a few rows at a time, a thousand times a second, would otherwise keep the collector busy with buffers.
   */
  take(): Uint8Array {
    const rows = this.peek();
    const isShort = this.#length * 2 < this.#bytes.length;
    this.clear();
    if (isShort) return this.#slab.copyOf(rows);
    this.#bytes = NO_BYTES;
    this.#view = new DataView(NO_BYTES.buffer);
    return rows;
  }

  /** A view of the rows appended so far, valid until the next call of any other method. */
  peek(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the rows; keeps the buffer. */
  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /** Appends rows that already are in binary form. */
  appendRows(payload: Uint8Array, count: number): void {
    this.#reserve(this.#length + payload.length);
    this.#bytes.set(payload, this.#length);
    this.#length += payload.length;
    this.#count += count;
  }

  #markNull(at: number, field: number): void {
    this.#bytes[at + NULL_BITS_AT + (field >> 3)]! |= 1 << (field & 7);
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    this.#bytes = grownBytes(this.#bytes, this.#bytes.length, Math.max(needed, this.#initialBytes));
    this.#view = new DataView(this.#bytes.buffer);
  }
}
