import type { SnapshotReader } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { EntryDetails, FrozenDetails } from "./entry-details.ts";
import { FrozenLists } from "./frozen-lists.ts";
import type { BytesKeyTable, NumberKeyTable } from "./key-table.ts";
import { RowHeap } from "./row-heap.ts";
import type { Segment } from "./segment.ts";

/** No further row. */
export const END_OF_LIST = -1;
/** Values that a list has in its key's entry: first row and last row, each the row's number + 1, 0 for none. */
export const VALUES_PER_LIST = 2;

/**
 * Lists of rows per key, each in the order of arrival. Their heads are values `base …` of the entries of a key table, which must not
 * save them (`TableOptions.savedWidth`); the rows are in one heap per list and in snapshots of the table. Iterate by `first` and `next`:
 *
 *     for (let at = lists.first(segment, entry, 0); at !== END_OF_LIST; at = lists.next(0, at)) use(lists.rowAt(0, at));
 */
export class RowLists implements EntryDetails {
  readonly #base: number;
  readonly #schemas: readonly RowSchema[];
  #heaps: readonly RowHeap[];

  /** `schemas`: of the rows of each list. */
  constructor(table: NumberKeyTable | BytesKeyTable, schemas: readonly RowSchema[], base: number) {
    this.#base = base;
    this.#schemas = schemas;
    this.#heaps = this.#newHeaps();
    table.own(this);
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
  rowAt(list: number, row: number): ColumnBatch {
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
    if (this.#heaps.some(({ held }) => held)) this.#heaps = this.#newHeaps();
    else for (const heap of this.#heaps) heap.clear();
  }

  freeze(): FrozenDetails {
    const heaps = this.#heaps;
    for (const heap of heaps) heap.hold();
    return {
      openGroup: () => new FrozenLists(heaps, this.#base),
      release: () => {
        for (const heap of heaps) heap.letGo();
      },
    };
  }

  /** Reads the rows of an entry that has none. */
  read(reader: SnapshotReader, segment: Segment, entry: number): void {
    for (const [list, heap] of this.#heaps.entries()) {
      for (let row = reader.bytes(); row.length > 0; row = reader.bytes()) {
        this.#link(segment, entry, list, heap.addBytes(row));
      }
    }
  }

  #newHeaps(): RowHeap[] {
    return this.#schemas.map((schema) => new RowHeap(schema));
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
}
