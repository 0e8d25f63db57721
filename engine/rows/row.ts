import { assert } from "../../base/assert.ts";
import type { Column, ColumnBatch, NumberColumn, StringColumn } from "./batch.ts";
import { decodeText } from "./text.ts";

/**
 * A cursor over the rows of batches, reused for row after row. Fields go by index (`schema.index(name)`, looked up once).
 * Valid only during the call that hands it out.
 */
export class Row {
  #columns: readonly Column[] = [];
  #eventTimes: Float64Array = new Float64Array(0);
  #kinds: Uint8Array = new Uint8Array(0);
  #row = 0;

  /** Points the cursor at another batch. */
  bind(batch: ColumnBatch): void {
    this.#columns = batch.columns;
    this.#eventTimes = batch.eventTimes;
    this.#kinds = batch.kinds;
  }

  /** Points the cursor at physical row `row` of the bound batch. */
  moveTo(row: number): void {
    this.#row = row;
  }

  get eventTimeMs(): number {
    return this.#eventTimes[this.#row]!;
  }

  /** `ROW_INSERT` or `ROW_UPSERT`. */
  get kind(): number {
    return this.#kinds[this.#row]!;
  }

  isNull(field: number): boolean {
    const column = this.#columns[field]!;
    if (column.kind === "string") return column.lengths[this.#row]! < 0;
    return column.nulls !== null && column.nulls[this.#row] === 1;
  }

  /** Value of a numeric field; 0 where it is NULL. */
  number(field: number): number {
    return (this.#columns[field] as NumberColumn).values[this.#row]!;
  }

  /** What `start` and `length` of this string field index. */
  bytes(field: number): Uint8Array {
    return (this.#columns[field] as StringColumn).bytes;
  }

  start(field: number): number {
    return (this.#columns[field] as StringColumn).offsets[this.#row]!;
  }

  /** Bytes of the string field in JSON form; −1 where it is NULL. */
  length(field: number): number {
    return (this.#columns[field] as StringColumn).lengths[this.#row]!;
  }

  /** The string field as a JavaScript string, null where it is NULL. Allocates: not for the hot path. */
  text(field: number): string | null {
    const column = this.#columns[field];
    assert(column?.kind === "string", `field ${field} is not a string`);
    const length = column.lengths[this.#row]!;
    return length < 0 ? null : decodeText(column.bytes, column.offsets[this.#row]!, length);
  }
}
