import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { KeyCodec, NULL_KEY } from "../rows/key.ts";
import type { RowSchema } from "../rows/schema.ts";
import { BytesKeyTable, NumberKeyTable } from "../state/key-table.ts";
import { RowLists, VALUES_PER_LIST } from "../state/row-lists.ts";
import type { Segment } from "../state/segment.ts";
import type { KeyGroupRange } from "./operator.ts";

/** Keys of the rows of one input. */
export class RowKeys {
  readonly codec: KeyCodec;

  constructor(schema: RowSchema, names: readonly string[]) {
    this.codec = new KeyCodec(schema, names);
  }

  get numeric(): boolean {
    return this.codec.numeric;
  }

  /** Is a field of the row's key NULL? */
  hasNull(batch: ColumnBatch, row: number): boolean {
    if (this.codec.numeric) return this.codec.numberOf(batch, row) === NULL_KEY;
    for (let i = 0; i < this.codec.fields.length; i++) {
      const column = batch.columns[this.codec.fields[i]!.index]!;
      if (column.kind === "string" ? column.lengths[row]! < 0 : column.nulls !== null && column.nulls[row] === 1) {
        return true;
      }
    }
    return false;
  }
}

/** Per key some numbers and some lists of rows; `open` leaves the key's segment in `segment`. */
export class KeyedRows {
  readonly table: NumberKeyTable | BytesKeyTable;
  readonly lists: RowLists;

  /** `width`: numbers that are saved, first in each entry; then come the lists of rows of these schemas. */
  constructor(range: KeyGroupRange, numeric: boolean, width: number, schemas: readonly RowSchema[]) {
    const options = { width: width + schemas.length * VALUES_PER_LIST, savedWidth: width };
    this.table = numeric ? new NumberKeyTable(range, options) : new BytesKeyTable(range, options);
    this.lists = new RowLists(this.table, schemas, width);
  }

  /** Segment of the key that was opened last. */
  get segment(): Segment {
    return this.table.at;
  }

  /** The entry of the row's key, made when there is none. */
  open(keys: RowKeys, batch: ColumnBatch, row: number): number {
    const { codec } = keys;
    if (this.table instanceof NumberKeyTable) return this.table.upsert(codec.numberOf(batch, row));
    codec.encode(batch, row);
    return this.table.upsert(codec.bytes, 0, codec.length);
  }

  /** Forgets all keys. */
  clear(): void {
    this.table.clear();
    this.lists.clearAll();
  }

  snapshot(writer: SnapshotWriter): void {
    this.table.snapshot(writer);
  }

  /** Adds the key groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    this.table.restore(reader);
  }
}
