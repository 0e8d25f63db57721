import { assert } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { NULL_BITS_AT } from "../rows/binary-layout.ts";
import { BinaryRowReader } from "../rows/binary-reader.ts";
import { BinaryRowWriter } from "../rows/binary-writer.ts";
import { compareBytes } from "../rows/bytes.ts";
import type { RowSchema } from "../rows/schema.ts";
import { grownInt32 } from "./growable.ts";
import { HeldRows } from "./held-rows.ts";

const CHUNK_BYTES = 64 * 1024;
const INITIAL_ROWS = 64;
/** Chunk of a row that has been freed. */
const FREE = -1;
/** Rows that were freed while the heap was held, of which each change forgets so many once it is let go. */
const FORGOTTEN_PER_STEP = 4;
/** Bytes of garbage that are not worth a collection. */
const MIN_GARBAGE_BYTES = 4 * CHUNK_BYTES;

/** Rows that share a buffer. */
interface Chunk {
  readonly rows: BinaryRowWriter;
  /** Numbers of the rows, in the order in which they lie in the buffer; some may be freed and in use elsewhere again. */
  numbers: Int32Array;
  liveBytes: number;
}

/**
 * Rows in binary form outside the collector's reach. A row has a number from `add` until `free`, whatever moves meanwhile. Memory
 * grows chunk by chunk; when half of it is garbage the emptiest chunk is vacated, so no step costs more than one chunk. `links` has a
 * number for each row, for lists.
 */
export class RowHeap {
  /** By row; the owner's: usually the next row of a list. */
  links: Int32Array = new Int32Array(INITIAL_ROWS);
  readonly #schema: RowSchema;
  readonly #reader: BinaryRowReader;
  readonly #chunks: (Chunk | null)[] = [];
  /** Vacated chunks, ready for use. */
  readonly #spare: Chunk[] = [];
  #open = FREE;
  /** By row: its chunk and where in it. */
  #chunkOf: Int32Array = new Int32Array(INITIAL_ROWS);
  #offsets: Int32Array = new Int32Array(INITIAL_ROWS);
  #rows = 0;
  /** Freed numbers, last freed first: a list through `links`. */
  #freeRow = FREE;
  #liveBytes = 0;
  #usedBytes = 0;
  readonly #heldRows = new HeldRows();

  constructor(schema: RowSchema) {
    this.#schema = schema;
    this.#reader = new BinaryRowReader(schema, 1);
  }

  /** Bytes of the rows, and of the chunks that hold them. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** From now until `letGo` rows that are freed stay readable, and so do their links, which must not be changed but at a list's end. */
  hold(): void {
    this.#heldRows.hold();
  }

  letGo(): void {
    this.#heldRows.letGo();
  }

  get held(): boolean {
    return this.#heldRows.held;
  }

  /** Copies physical row `row` of `batch`; returns its number. */
  add(batch: ColumnBatch, row: number): number {
    this.#forgetSome();
    const at = this.#openChunk();
    const chunk = this.#chunks[at]!;
    const offset = chunk.rows.byteLength;
    chunk.rows.append(batch, row);
    return this.#enter(at, offset, this.#newNumber());
  }

  /** Copies a row that is in binary form. */
  addBytes(bytes: Uint8Array): number {
    const at = this.#openChunk();
    const { rows } = this.#chunks[at]!;
    const offset = rows.byteLength;
    rows.appendRows(bytes, 1);
    return this.#enter(at, offset, this.#newNumber());
  }

  /** The row as physical row 0 of a batch that is valid until the next call. */
  read(number: number): ColumnBatch {
    const { rows } = this.#chunks[this.#chunkOf[number]!]!;
    return this.#reader.rowAt(rows.bytes, rows.view, this.#offsets[number]!);
  }

  /** The row in binary form; a view that is valid until the next change. */
  bytesOf(number: number): Uint8Array {
    const { rows } = this.#chunks[this.#chunkOf[number]!]!;
    const offset = this.#offsets[number]!;
    return rows.bytes.subarray(offset, offset + this.#size(number));
  }

  /** Have both rows the same fields? (Event time and kind may differ.) */
  sameFields(a: number, b: number): boolean {
    const size = this.#size(a);
    if (size !== this.#size(b)) return false;
    const first = this.#chunks[this.#chunkOf[a]!]!.rows.bytes;
    const second = this.#chunks[this.#chunkOf[b]!]!.rows.bytes;
    const aAt = this.#offsets[a]!;
    const bAt = this.#offsets[b]!;
    return compareBytes(first, aAt + NULL_BITS_AT, aAt + size, second, bAt + NULL_BITS_AT, bAt + size) === 0;
  }

  /** Forgets a row; its number may be given to another one. */
  free(number: number): void {
    if (this.held) this.#heldRows.push(number);
    else {
      this.#forgetSome();
      this.#forget(number);
    }
  }

  #forgetSome(): void {
    if (this.#heldRows.count === 0 || this.held) return;
    for (let left = FORGOTTEN_PER_STEP; left > 0 && this.#heldRows.count > 0; left--) {
      this.#forget(this.#heldRows.pop());
    }
  }

  #forget(number: number): void {
    const size = this.#size(number);
    this.#chunks[this.#chunkOf[number]!]!.liveBytes -= size;
    this.#liveBytes -= size;
    this.#chunkOf[number] = FREE;
    this.links[number] = this.#freeRow;
    this.#freeRow = number;
    const garbage = this.#usedBytes - this.#liveBytes;
    if (garbage > MIN_GARBAGE_BYTES && garbage > this.#liveBytes) this.#vacateEmptiest();
  }

  /** Forgets all rows; keeps a little memory. Not while the heap is held. */
  clear(): void {
    assert(!this.held, "rows that a snapshot may still read are not forgotten");
    this.#heldRows.clear();
    for (const chunk of this.#chunks) if (chunk !== null) this.#retire(chunk);
    this.#chunks.length = 0;
    this.#open = FREE;
    this.#rows = 0;
    this.#freeRow = FREE;
    this.#liveBytes = 0;
    this.#usedBytes = 0;
  }

  #size(number: number): number {
    return this.#chunks[this.#chunkOf[number]!]!.rows.view.getInt32(this.#offsets[number]!, true);
  }

  #openChunk(): number {
    const open = this.#open === FREE ? undefined : this.#chunks[this.#open];
    if (open !== undefined && open !== null && open.rows.byteLength < CHUNK_BYTES) return this.#open;
    const fresh = this.#spare.pop() ?? {
      rows: new BinaryRowWriter(this.#schema, this.#chunks.length === 0 ? 1024 : CHUNK_BYTES),
      numbers: new Int32Array(INITIAL_ROWS),
      liveBytes: 0,
    };
    const hole = this.#chunks.indexOf(null);
    this.#open = hole === -1 ? this.#chunks.length : hole;
    this.#chunks[this.#open] = fresh;
    return this.#open;
  }

  #newNumber(): number {
    const freed = this.#freeRow;
    if (freed !== FREE) {
      this.#freeRow = this.links[freed]!;
      return freed;
    }
    if (this.#rows === this.#chunkOf.length) {
      const capacity = 2 * this.#rows;
      this.#chunkOf = grownInt32(this.#chunkOf, capacity);
      this.#offsets = grownInt32(this.#offsets, capacity);
      this.links = grownInt32(this.links, capacity);
    }
    return this.#rows++;
  }

  #enter(at: number, offset: number, number: number): number {
    const chunk = this.#chunks[at]!;
    const index = chunk.rows.count - 1;
    if (index === chunk.numbers.length) chunk.numbers = grownInt32(chunk.numbers, 2 * index);
    chunk.numbers[index] = number;
    this.#chunkOf[number] = at;
    this.#offsets[number] = offset;
    const size = chunk.rows.byteLength - offset;
    chunk.liveBytes += size;
    this.#liveBytes += size;
    this.#usedBytes += size;
    return number;
  }

  #vacateEmptiest(): void {
    let emptiest = FREE;
    for (let at = 0; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!;
      if (chunk === null || at === this.#open) continue;
      if (emptiest === FREE || chunk.liveBytes < this.#chunks[emptiest]!.liveBytes) emptiest = at;
    }
    if (emptiest !== FREE) this.#vacate(emptiest);
  }

  /** Moves the chunk's rows to the open one. */
  #vacate(from: number): void {
    const chunk = this.#chunks[from]!;
    const { rows, numbers } = chunk;
    let offset = 0;
    for (let index = 0; index < rows.count; index++) {
      const number = numbers[index]!;
      const size = rows.view.getInt32(offset, true);
      if (this.#chunkOf[number] === from && this.#offsets[number] === offset) this.#move(number, rows, offset, size);
      offset += size;
    }
    this.#usedBytes -= rows.byteLength;
    this.#chunks[from] = null;
    this.#retire(chunk);
  }

  #move(number: number, rows: BinaryRowWriter, offset: number, size: number): void {
    const at = this.#openChunk();
    const target = this.#chunks[at]!.rows;
    const end = target.byteLength;
    target.appendRows(rows.bytes.subarray(offset, offset + size), 1);
    this.#liveBytes -= size; // entered again below
    this.#enter(at, end, number);
  }

  #retire(chunk: Chunk): void {
    if (this.#spare.length >= 2) return;
    chunk.rows.clear();
    chunk.liveBytes = 0;
    this.#spare.push(chunk);
  }
}
