import { hashBytes } from "../../../base/hash.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { copyBytes, grownBytes } from "../../rows/bytes.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesKeyTable } from "../../state/key-table.ts";
import { END_OF_LIST, RowLists, VALUES_PER_LIST } from "../../state/row-lists.ts";
import type { KeyGroupRange } from "../operator.ts";

const TIME_BYTES = 8;

/** Rows that wait for their time, by (key, event time), each list in the order of arrival; in the key's group. */
export class TimedRows {
  readonly #table: BytesKeyTable;
  readonly #lists: RowLists;
  #scratch: Uint8Array = new Uint8Array(64);
  #view: DataView = new DataView(this.#scratch.buffer);

  constructor(range: KeyGroupRange, schema: RowSchema) {
    this.#table = new BytesKeyTable(range, { width: VALUES_PER_LIST, savedWidth: 0 });
    this.#lists = new RowLists(this.#table, [schema], 0);
  }

  /** Appends a copy of physical row `row` to the list of key `key[start, end)` and the row's event time. */
  append(group: number, key: Uint8Array, start: number, end: number, batch: ColumnBatch, row: number): void {
    const length = this.#nameOf(key, start, end, batch.eventTimes[row]!);
    const segment = this.#table.segmentFor(group);
    const entry = segment.upsert(hashBytes(this.#scratch, 0, length), this.#scratch, 0, length);
    this.#lists.append(segment, entry, 0, batch, row);
  }

  /** Removes the list of a key and time; `take` gets each row as physical row 0 of a batch that is valid during the call. */
  take(
    group: number,
    key: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
    take: (batch: ColumnBatch) => void,
  ): void {
    const length = this.#nameOf(key, start, end, timeMs);
    const segment = this.#table.segmentFor(group);
    const entry = segment.find(hashBytes(this.#scratch, 0, length), this.#scratch, 0, length);
    if (entry < 0) return;
    const lists = this.#lists;
    for (let at = lists.first(segment, entry, 0); at !== END_OF_LIST; at = lists.next(0, at)) take(lists.rowAt(0, at));
    lists.clearEntry(segment, entry);
    segment.remove(entry);
  }

  snapshot(writer: SnapshotWriter): void {
    this.#table.snapshot(writer);
  }

  /** Adds the key groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    this.#table.restore(reader);
  }

  #nameOf(key: Uint8Array, start: number, end: number, timeMs: number): number {
    const length = end - start + TIME_BYTES;
    if (length > this.#scratch.length) {
      this.#scratch = grownBytes(this.#scratch, 0, length);
      this.#view = new DataView(this.#scratch.buffer);
    }
    copyBytes(this.#scratch, 0, key, start, end - start);
    this.#view.setFloat64(end - start, timeMs);
    return length;
  }
}
