import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { BytesKeyTable, NumberKeyTable } from "./key-table.ts";
import { RowHeap } from "./row-heap.ts";
import type { Segment } from "./segment.ts";

/** No further row. */
export const END_OF_LIST = -1;
/** Ends a snapshot's list of groups. */
const NO_GROUP = 0xffffffff;
/** Values that a list has in its key's entry: first row and last row, each the row's number + 1, 0 for none. */
export const VALUES_PER_LIST = 2;

/**
 * Lists of rows per key, each in the order of arrival. Their heads are values `base …` of the entries of a key table, which must not
 * save them (`TableOptions.savedWidth`); the rows are in one heap per list. Iterate by `first` and `next`:
 *
 *     for (let at = lists.first(segment, entry, 0); at !== END_OF_LIST; at = lists.next(0, at)) use(lists.read(0, at));
 */
export class RowLists {
  readonly #table: NumberKeyTable | BytesKeyTable;
  readonly #base: number;
  readonly #heaps: readonly RowHeap[];

  /** `schemas`: of the rows of each list. */
  constructor(table: NumberKeyTable | BytesKeyTable, schemas: readonly RowSchema[], base: number) {
    this.#table = table;
    this.#base = base;
    this.#heaps = schemas.map((schema) => new RowHeap(schema));
  }

  /** Appends a copy of physical row `row` to the entry's list. */
  append(segment: Segment, entry: number, list: number, batch: ColumnBatch, row: number): void {
    this.#link(segment, entry, list, this.#heaps[list]!.add(batch, row));
  }

  /** Number of the list's first row, or `END_OF_LIST`. */
  first(segment: Segment, entry: number, list: number): number {
    return segment.values[entry * segment.width + this.#base + list * VALUES_PER_LIST]! - 1;
  }

  next(list: number, row: number): number {
    return this.#heaps[list]!.links[row]!;
  }

  /** The row as physical row 0 of a batch that is valid until the next call for this list. */
  read(list: number, row: number): ColumnBatch {
    return this.#heaps[list]!.read(row);
  }

  /** Empties the entry's list. */
  clear(segment: Segment, entry: number, list: number): void {
    const heap = this.#heaps[list]!;
    for (let row = this.first(segment, entry, list); row !== END_OF_LIST; ) {
      const next = heap.links[row]!;
      heap.free(row);
      row = next;
    }
    const at = entry * segment.width + this.#base + list * VALUES_PER_LIST;
    segment.values[at] = 0;
    segment.values[at + 1] = 0;
  }

  /** Empties all lists of an entry: before it is removed from its table. */
  clearEntry(segment: Segment, entry: number): void {
    for (let list = 0; list < this.#heaps.length; list++) this.clear(segment, entry, list);
  }

  /** Forgets all rows: with all entries of the table. */
  clearAll(): void {
    for (const heap of this.#heaps) heap.clear();
  }

  /** Writes the rows of all entries, by key group and in the order of keys. */
  snapshot(writer: SnapshotWriter): void {
    const { first, end } = this.#table.range;
    for (let group = first; group < end; group++) {
      const segment = this.#table.segment(group);
      if (segment === null || segment.count === 0) continue;
      const part = new SnapshotWriter();
      const order = segment.sorted();
      for (let i = 0; i < segment.count; i++) this.#writeEntry(part, segment, order[i]!);
      writer.u32(group);
      writer.bytes(part.finish());
    }
    writer.u32(NO_GROUP);
  }

  /** After the table has been restored from the same snapshot: adds the rows of those groups that it owns. */
  restore(reader: SnapshotReader): void {
    const { first, end } = this.#table.range;
    for (let group = reader.u32(); group !== NO_GROUP; group = reader.u32()) {
      const part = new SnapshotReader(reader.bytes());
      if (group < first || group >= end) continue;
      const segment = this.#table.segmentFor(group);
      const order = segment.sorted();
      for (let i = 0; i < segment.count; i++) this.#readEntry(part, segment, order[i]!);
    }
  }

  #link(segment: Segment, entry: number, list: number, row: number): void {
    const { links } = this.#heaps[list]!;
    const { values } = segment;
    const at = entry * segment.width + this.#base + list * VALUES_PER_LIST;
    const last = values[at + 1]! - 1;
    links[row] = END_OF_LIST;
    if (last === END_OF_LIST) values[at] = row + 1;
    else links[last] = row;
    values[at + 1] = row + 1;
  }

  #writeEntry(writer: SnapshotWriter, segment: Segment, entry: number): void {
    for (const [list, heap] of this.#heaps.entries()) {
      for (let row = this.first(segment, entry, list); row !== END_OF_LIST; row = heap.links[row]!) {
        writer.bytes(heap.bytesOf(row));
      }
      writer.u32(0);
    }
  }

  #readEntry(reader: SnapshotReader, segment: Segment, entry: number): void {
    for (const [list, heap] of this.#heaps.entries()) {
      for (let row = reader.bytes(); row.length > 0; row = reader.bytes()) {
        this.#link(segment, entry, list, heap.addBytes(row));
      }
    }
  }
}
