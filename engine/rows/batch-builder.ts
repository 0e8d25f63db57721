import { type ColumnBatch, ROW_INSERT } from "./batch.ts";
import { type ColumnBuffer, columnBuffers, type NumberColumnBuffer, type StringColumnBuffer } from "./columns.ts";
import type { Row } from "./row.ts";
import type { RowSchema } from "./schema.ts";
import { encodeText } from "./text.ts";

/** Sets the fields of the row being made; fields go by index. What is not set is NULL. */
export interface RowWriter {
  setNumber(field: number, value: number): void;
  setNull(field: number): void;
  /** Slow path: escapes and encodes. */
  setText(field: number, text: string): void;
  /** Copies a span in canonical JSON form (see `batch.ts`). */
  setBytes(field: number, bytes: Uint8Array, start: number, length: number): void;
  /** Copies field `from` of `row`, NULL included. */
  copy(field: number, row: Row, from: number): void;
}

/** Adds rows, then sets the fields of the newest. */
export interface RowCollector extends RowWriter {
  /** Begins a row of the given event time; `kind` is `ROW_INSERT` unless given. */
  addRow(eventTimeMs: number, kind?: number): void;
}

const ARENA_BYTES = 1024;

/** A batch that is filled row by row, handed on, cleared and filled again; columns and arenas grow and stay. */
export class BatchBuilder implements ColumnBatch, RowCollector {
  readonly schema: RowSchema;
  readonly columns: readonly ColumnBuffer[];
  eventTimes: Float64Array;
  kinds: Uint8Array;
  selection: Int32Array;
  selectedCount = 0;
  #capacity: number;
  #row = -1;

  constructor(schema: RowSchema, capacity = 64) {
    this.schema = schema;
    this.#capacity = capacity;
    this.columns = columnBuffers(schema, capacity, true, ARENA_BYTES);
    this.eventTimes = new Float64Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.selection = Int32Array.from({ length: capacity }, (_, row) => row);
  }

  get rowCount(): number {
    return this.#row + 1;
  }

  /** Forgets all rows; keeps the memory. */
  clear(): void {
    this.#row = -1;
    this.selectedCount = 0;
    for (const column of this.columns) if (column.kind === "string") column.clear();
  }

  addRow(eventTimeMs: number, kind: number = ROW_INSERT): void {
    const row = this.#row + 1;
    if (row === this.#capacity) this.#grow();
    this.#row = row;
    this.selectedCount = row + 1;
    this.eventTimes[row] = eventTimeMs;
    this.kinds[row] = kind;
    for (let field = 0; field < this.columns.length; field++) this.setNull(field);
  }

  setNumber(field: number, value: number): void {
    const column = this.columns[field] as NumberColumnBuffer;
    column.values[this.#row] = value;
    column.nulls![this.#row] = 0;
  }

  setNull(field: number): void {
    const column = this.columns[field]!;
    if (column.kind === "string") column.lengths[this.#row] = -1;
    else {
      column.values[this.#row] = 0;
      column.nulls![this.#row] = 1;
    }
  }

  setText(field: number, text: string): void {
    const bytes = encodeText(text);
    this.setBytes(field, bytes, 0, bytes.length);
  }

  setBytes(field: number, bytes: Uint8Array, start: number, length: number): void {
    (this.columns[field] as StringColumnBuffer).append(this.#row, bytes, start, length);
  }

  copy(field: number, row: Row, from: number): void {
    if (row.isNull(from)) this.setNull(field);
    else if (this.columns[field]!.kind === "number") this.setNumber(field, row.number(from));
    else this.setBytes(field, row.bytes(from), row.start(from), row.length(from));
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    for (const column of this.columns) column.grow(capacity);
    const eventTimes = new Float64Array(capacity);
    eventTimes.set(this.eventTimes);
    this.eventTimes = eventTimes;
    const kinds = new Uint8Array(capacity);
    kinds.set(this.kinds);
    this.kinds = kinds;
    this.selection = Int32Array.from({ length: capacity }, (_, row) => row);
    this.#capacity = capacity;
  }
}
