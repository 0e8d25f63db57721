import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import { type ColumnBatch, ROW_UPSERT } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import { keyGroupOfBytes, keyGroupOfNumber } from "../../rows/key-groups.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesKeyTable, NumberKeyTable } from "../../state/key-table.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import type { BoundAggregates } from "./bound-aggregates.ts";
import { DistinctSets } from "./distinct-sets.ts";

/**
 * Aggregates per key over all rows so far: after each row that changes its key's results, one upsert with the key, the results and the
 * row's event time. State is kept for ever.
 */
export class RunningAggregateOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #aggregates: BoundAggregates;
  readonly #schema: RowSchema;
  /** Results before the row, where not every row changes them. */
  readonly #before: Float64Array;
  #table: NumberKeyTable | BytesKeyTable | null = null;
  #sets: DistinctSets | null = null;
  #out: OutputBatch | null = null;

  /** `schema`: the key's fields, then one for each aggregate. */
  constructor(codec: KeyCodec, aggregates: BoundAggregates, schema: RowSchema) {
    this.#codec = codec;
    this.#aggregates = aggregates;
    this.#schema = schema;
    this.#before = new Float64Array(aggregates.count);
  }

  open({ keyGroups }: OperatorContext, output: Output): void {
    const { width, distinct } = this.#aggregates;
    this.#table = this.#codec.numeric
      ? new NumberKeyTable(keyGroups, { width })
      : new BytesKeyTable(keyGroups, { width });
    this.#sets = distinct.length > 0 ? new DistinctSets(keyGroups) : null;
    this.#out = new OutputBatch(this.#schema, output);
  }

  process(_input: number, batch: ColumnBatch): void {
    const table = present(this.#table, "table");
    const out = present(this.#out, "output");
    const codec = this.#codec;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      let entry: number;
      if (table instanceof NumberKeyTable) {
        const key = codec.numberOf(batch, row);
        entry = table.upsert(key);
        if (this.#sets !== null) codec.encodeNumber(key);
      } else {
        codec.encode(batch, row);
        entry = table.upsert(codec.bytes, 0, codec.length);
      }
      this.#add(table, entry, batch, row, out);
    }
    out.flush();
  }

  advanceWatermark(): void {}

  snapshot(writer: SnapshotWriter): void {
    present(this.#table, "table").snapshot(writer);
    this.#sets?.snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    for (const snapshot of snapshots) {
      present(this.#table, "table").restore(snapshot);
      this.#sets?.restore(snapshot);
    }
  }

  #add(table: NumberKeyTable | BytesKeyTable, entry: number, batch: ColumnBatch, row: number, out: OutputBatch): void {
    const aggregates = this.#aggregates;
    const { values, width, inserted } = table.at;
    const at = entry * width;
    if (inserted) aggregates.initialize(values, at);
    const compares = !inserted && !aggregates.alwaysChanges;
    if (compares) this.#remember(values, at);
    aggregates.accumulate(values, at, batch, row);
    if (this.#sets !== null) this.#addDistinct(this.#sets, table, batch, row, values, at);
    if (compares && !this.#changed(values, at)) return;
    out.rows.addRow(batch.eventTimes[row]!, ROW_UPSERT);
    if (table instanceof NumberKeyTable) this.#codec.writeNumber(table.at.keys[entry]!, out.rows);
    else this.#codec.writeBytes(this.#codec.bytes, 0, out.rows);
    aggregates.writeResults(values, at, out.rows, this.#codec.fields.length);
    out.flushIfFull();
  }

  #addDistinct(
    sets: DistinctSets,
    table: NumberKeyTable | BytesKeyTable,
    batch: ColumnBatch,
    row: number,
    values: Float64Array,
    at: number,
  ): void {
    const codec = this.#codec;
    const { total } = table.range;
    const group = codec.numeric
      ? keyGroupOfNumber(codec.numberOf(batch, row), total)
      : keyGroupOfBytes(codec.bytes, 0, codec.length, total);
    this.#aggregates.addDistinct(sets, group, codec.bytes, codec.length, batch, row, values, at);
  }

  #remember(values: Float64Array, at: number): void {
    for (let i = 0; i < this.#before.length; i++) this.#before[i] = this.#aggregates.result(i, values, at);
  }

  #changed(values: Float64Array, at: number): boolean {
    for (let i = 0; i < this.#before.length; i++) {
      if (!Object.is(this.#before[i]!, this.#aggregates.result(i, values, at))) return true;
    }
    return false;
  }
}
