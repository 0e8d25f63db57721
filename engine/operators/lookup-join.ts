import { present } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { BatchBuilder } from "../rows/batch-builder.ts";
import type { KeyCodec } from "../rows/key.ts";
import { Row } from "../rows/row.ts";
import { BytesKeyTable, NumberKeyTable } from "../state/key-table.ts";
import { type JoinOutput, writeJoined } from "./join/join-output.ts";
import type { RowKeys } from "./keyed-rows.ts";
import type { OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";
import { type SideTable, tableRows } from "./side-table.ts";
import { StatelessOperator } from "./stateless.ts";

export interface LookupJoinSettings {
  readonly table: SideTable;
  /** Keys of the rows, and of the table's, of the same types. */
  readonly keys: RowKeys;
  readonly tableKeys: KeyCodec;
  /** Rows without match go on too, with NULLs. */
  readonly keepsAll: boolean;
  readonly joined: JoinOutput;
}

const NONE = -1;

/**
 * Joins rows with a table that every instance loads, in full, before it starts, and that does not change: each row with all table rows
 * of its key, in the table's order. A NULL in a key matches nothing. The table is no state: it is loaded again after a failure.
 */
export class LookupJoinOperator extends StatelessOperator {
  readonly #settings: LookupJoinSettings;
  readonly #left = new Row();
  readonly #right = new Row();
  readonly #nulls: BatchBuilder;
  #rows: ColumnBatch | null = null;
  /** By key: its first row + 1. */
  #index: NumberKeyTable | BytesKeyTable | null = null;
  /** By row of the table: the next one of its key. */
  #next: Int32Array = new Int32Array(0);
  #out: OutputBatch | null = null;

  constructor(settings: LookupJoinSettings) {
    super();
    this.#settings = settings;
    this.#nulls = new BatchBuilder(settings.table.schema, 1);
    this.#nulls.addRow(0);
  }

  override open(context: OperatorContext, output: Output): void {
    super.open(context, output);
    this.#out = new OutputBatch(this.#settings.joined.schema, output);
    this.#build(tableRows(this.#settings.table, context));
  }

  override process(_input: number, batch: ColumnBatch): void {
    const out = present(this.#out, "output");
    const { keys, keepsAll } = this.#settings;
    this.#left.bind(batch);
    for (let i = 0; i < batch.selectedCount; i++) {
      const physical = batch.selection[i]!;
      this.#left.moveTo(physical);
      let match = keys.hasNull(batch, physical) ? NONE : this.#first(keys.codec, batch, physical);
      if (match === NONE && keepsAll) this.#emit(this.#nulls, 0, out);
      for (; match !== NONE; match = this.#next[match]!) this.#emit(present(this.#rows, "table"), match, out);
    }
    out.flush();
  }

  #build(rows: BatchBuilder): void {
    const { tableKeys, keys } = this.#settings;
    const all = { first: 0, end: 1, total: 1 };
    const index = keys.numeric ? new NumberKeyTable(all, { width: 1 }) : new BytesKeyTable(all, { width: 1 });
    this.#rows = rows;
    this.#index = index;
    this.#next = new Int32Array(rows.rowCount);
    for (let row = rows.rowCount - 1; row >= 0; row--) {
      let entry: number;
      if (index instanceof NumberKeyTable) entry = index.upsert(tableKeys.numberOf(rows, row));
      else {
        tableKeys.encode(rows, row);
        entry = index.upsert(tableKeys.bytes, 0, tableKeys.length);
      }
      this.#next[row] = index.at.values[entry]! - 1;
      index.at.values[entry] = row + 1;
    }
  }

  #first(codec: KeyCodec, batch: ColumnBatch, row: number): number {
    const index = present(this.#index, "table");
    let entry: number;
    if (index instanceof NumberKeyTable) entry = index.find(codec.numberOf(batch, row));
    else {
      codec.encode(batch, row);
      entry = index.find(codec.bytes, 0, codec.length);
    }
    return entry < 0 ? NONE : index.at.values[entry]! - 1;
  }

  #emit(rows: ColumnBatch, row: number, out: OutputBatch): void {
    this.#right.bind(rows);
    this.#right.moveTo(row);
    out.rows.addRow(this.#left.eventTimeMs, this.#left.kind);
    writeJoined(out.rows, this.#settings.joined, this.#left, this.#right);
    out.flushIfFull();
  }
}
