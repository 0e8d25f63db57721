import { present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { type ColumnBatch, type NumberColumn, ROW_UPSERT } from "../rows/batch.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { SmallDetails } from "../state/entry-details.ts";
import { BytesKeyTable, NumberKeyTable } from "../state/key-table.ts";
import { RowHeap } from "../state/row-heap.ts";
import type { Segment } from "../state/segment.ts";
import type { RowKeys } from "./keyed-rows.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";

/** A numeric field that rows are ordered by. NULL comes last, whatever the direction. */
export interface OrderField {
  readonly index: number;
  readonly descending: boolean;
}

export interface TopNSettings {
  readonly input: RowSchema;
  /** The input's fields, then the rank. */
  readonly output: RowSchema;
  readonly keys: RowKeys;
  readonly order: readonly OrderField[];
  readonly limit: number;
}

/**
 * Per key the first `limit` rows by `order`, among equals by arrival, numbered from 1 without gaps. After a row that enters, every rank
 * whose row changed is given, ascending, as an upsert with the event time of the row that entered; a rank whose row has the same fields
 * as before is not. Nothing is ever taken back: the key of the output is (key, rank).
 *
 * An entry has the number of its rows; then, place by place, the order values of its rows, smaller before larger; then their numbers
 * in the heap.
 */
export class TopNOperator implements Operator {
  readonly #settings: TopNSettings;
  readonly #heap: RowHeap;
  readonly #row = new Row();
  /** Order values of the row that arrives. */
  readonly #candidate: Float64Array;
  #table: NumberKeyTable | BytesKeyTable | null = null;
  #out: OutputBatch | null = null;

  constructor(settings: TopNSettings) {
    this.#settings = settings;
    this.#heap = new RowHeap(settings.input);
    this.#candidate = new Float64Array(settings.order.length);
  }

  open(context: OperatorContext, output: Output): void {
    const { keys, limit, order } = this.#settings;
    const options = { width: 1 + limit * (order.length + 1), savedWidth: 1 };
    this.#table = keys.numeric
      ? new NumberKeyTable(context.keyGroups, options)
      : new BytesKeyTable(context.keyGroups, options);
    this.#table.own(
      new SmallDetails(
        (writer, segment, entry) => this.#writeEntry(writer, segment, entry),
        (reader, segment, entry) => this.#readEntry(reader, segment, entry),
      ),
    );
    this.#out = new OutputBatch(this.#settings.output, output);
  }

  process(_input: number, batch: ColumnBatch): void {
    const table = present(this.#table, "table");
    const out = present(this.#out, "output");
    const { codec } = this.#settings.keys;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      let entry: number;
      if (table instanceof NumberKeyTable) entry = table.upsert(codec.numberOf(batch, row));
      else {
        codec.encode(batch, row);
        entry = table.upsert(codec.bytes, 0, codec.length);
      }
      this.#offer(table.at, entry, batch, row, out);
    }
    out.flush();
  }

  advanceWatermark(): void {}

  snapshot(writer: SnapshotWriter): void {
    present(this.#table, "table").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    const table = present(this.#table, "table");
    for (const snapshot of snapshots) table.restore(snapshot);
  }

  #offer(segment: Segment, entry: number, batch: ColumnBatch, row: number, out: OutputBatch): void {
    this.#readOrder(batch, row);
    const { limit } = this.#settings;
    const at = entry * segment.width;
    const count = segment.values[at]!;
    const place = this.#placeOf(segment.values, at, count);
    if (place === limit) return;
    const dropped = count === limit ? this.#numberAt(segment.values, at, limit - 1) : NONE;
    this.#insert(segment.values, at, place, Math.min(count, limit - 1), this.#heap.add(batch, row));
    segment.values[at] = Math.min(count + 1, limit);
    this.#emitFrom(segment.values, at, place, dropped, batch.eventTimes[row]!, out);
    if (dropped !== NONE) this.#heap.free(dropped);
  }

  #readOrder(batch: ColumnBatch, row: number): void {
    const { order } = this.#settings;
    for (let i = 0; i < order.length; i++) {
      const { index, descending } = order[i]!;
      const column = batch.columns[index] as NumberColumn;
      const isNull = column.nulls !== null && column.nulls[row] === 1;
      const value = column.values[row]!;
      this.#candidate[i] = isNull ? Number.POSITIVE_INFINITY : descending ? -value : value;
    }
  }

  /** Where the candidate belongs: behind all that are not after it. Most rows are behind the last. */
  #placeOf(values: Float64Array, at: number, count: number): number {
    let place = count;
    while (place > 0 && this.#isBefore(values, at, place - 1)) place -= 1;
    return place;
  }

  /** Does the candidate come before the row at `place`? */
  #isBefore(values: Float64Array, at: number, place: number): boolean {
    const width = this.#candidate.length;
    for (let i = 0; i < width; i++) {
      const held = values[at + 1 + place * width + i]!;
      const mine = this.#candidate[i]!;
      if (mine !== held) return mine < held;
    }
    return false;
  }

  /** Moves the rows at `place` … `count` − 1 one place back and puts the candidate, row `number`, there. */
  #insert(values: Float64Array, at: number, place: number, count: number, number: number): void {
    const width = this.#candidate.length;
    const orders = at + 1;
    const numbers = orders + this.#settings.limit * width;
    values.copyWithin(orders + (place + 1) * width, orders + place * width, orders + count * width);
    values.copyWithin(numbers + place + 1, numbers + place, numbers + count);
    for (let i = 0; i < width; i++) values[orders + place * width + i] = this.#candidate[i]!;
    values[numbers + place] = number;
  }

  #numberAt(values: Float64Array, at: number, place: number): number {
    return values[at + 1 + this.#settings.limit * this.#candidate.length + place]!;
  }

  /** Gives the ranks from `place` on that have another row than before; `dropped`: the row that was last and fell out. */
  #emitFrom(
    values: Float64Array,
    at: number,
    place: number,
    dropped: number,
    eventTimeMs: number,
    out: OutputBatch,
  ): void {
    const count = values[at]!;
    for (let rank = place; rank < count; rank++) {
      const number = this.#numberAt(values, at, rank);
      const before = rank + 1 < count ? this.#numberAt(values, at, rank + 1) : dropped;
      if (before !== NONE && this.#heap.sameFields(number, before)) continue;
      this.#emit(number, rank + 1, eventTimeMs, out);
    }
  }

  #emit(number: number, rank: number, eventTimeMs: number, out: OutputBatch): void {
    const { rows } = out;
    const row = this.#row;
    row.bind(this.#heap.read(number));
    row.moveTo(0);
    rows.addRow(eventTimeMs, ROW_UPSERT);
    const fields = this.#settings.input.fields.length;
    for (let field = 0; field < fields; field++) rows.copy(field, row, field);
    rows.setNumber(fields, rank);
    out.flushIfFull();
  }

  #writeEntry(writer: SnapshotWriter, segment: Segment, entry: number): void {
    const at = entry * segment.width;
    const count = segment.values[at]!;
    for (let place = 0; place < count; place++) {
      writer.bytes(this.#heap.bytesOf(this.#numberAt(segment.values, at, place)));
    }
  }

  /** The rows of an entry whose number of rows has been read. */
  #readEntry(reader: SnapshotReader, segment: Segment, entry: number): void {
    const at = entry * segment.width;
    for (let place = 0; place < segment.values[at]!; place++) {
      const number = this.#heap.addBytes(reader.bytes());
      this.#readOrder(this.#heap.read(number), 0);
      this.#insert(segment.values, at, place, place, number);
    }
  }
}

const NONE = -1;
