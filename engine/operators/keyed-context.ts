import { assert, present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { KeyCodec } from "../rows/key.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { BytesKeyTable, NumberKeyTable, type TableOptions } from "../state/key-table.ts";
import { END_OF_LIST, RowLists, VALUES_PER_LIST } from "../state/row-lists.ts";
import type { Segment } from "../state/segment.ts";
import { Timers } from "../state/timers.ts";
import { CurrentKey, UNKNOWN } from "./current-key.ts";
import type { KeyGroupRange } from "./operator.ts";
import type { ProcessingAlarm } from "./processing-alarm.ts";

/** Place of a key that is not in the table. */
const ABSENT = -1;
const DECLARE = "processingTime in the options of the process function";

/** State of a key. */
export interface KeyedState extends TableOptions {
  /** The key also has lists of rows, so many, with these schemas. */
  readonly lists?: readonly RowSchema[];
}

/** A keyed process function's view of the current key: its state and its timers. Valid only during the call. */
export class KeyedContext extends CurrentKey {
  /** No row with event time ≤ this follows; rows that are older are late. */
  watermarkMs: number = Number.NEGATIVE_INFINITY;
  readonly table: NumberKeyTable | BytesKeyTable;
  readonly timers: Timers;
  /** There where the operator is given the clock. */
  processingTimers: Timers | null = null;
  #alarm: ProcessingAlarm | null = null;
  readonly #place: { values: Float64Array; start: number } = { values: new Float64Array(0), start: 0 };
  readonly #lists: RowLists | null;
  /** One cursor for each list. */
  readonly #cursors: readonly Row[];
  #batch: ColumnBatch | null = null;
  #row = 0;

  constructor(codec: KeyCodec, range: KeyGroupRange, state: KeyedState) {
    super(codec, range.total);
    const lists = state.lists ?? [];
    const savedWidth = state.savedWidth ?? state.width;
    const options = { ...state, width: state.width + lists.length * VALUES_PER_LIST, savedWidth };
    this.table = codec.numeric ? new NumberKeyTable(range, options) : new BytesKeyTable(range, options);
    this.#lists = lists.length === 0 ? null : new RowLists(this.table, lists, state.width);
    this.#cursors = lists.map(() => new Row());
    this.timers = new Timers(range);
  }

  /** Makes physical row `row` of `batch`, whose key is current, the one that `appendRow` keeps. */
  useRow(batch: ColumnBatch, row: number): void {
    this.#batch = batch;
    this.#row = row;
  }

  /** From now on the context has a clock and processing-time timers. */
  useProcessingTime(range: KeyGroupRange, alarm: ProcessingAlarm): void {
    this.processingTimers = new Timers(range);
    this.#alarm = alarm;
  }

  /** Has the key state? */
  get exists(): boolean {
    return this.#find() !== ABSENT;
  }

  /** Value `index` of the key's state; 0 when it has none. */
  get(index: number): number {
    const entry = this.#find();
    return entry === ABSENT ? 0 : this.#segment().values[entry * this.#segment().width + index]!;
  }

  /** Sets value `index`; makes the key's state, all values 0, when there is none. */
  set(index: number, value: number): void {
    const entry = this.#open();
    const segment = this.#segment();
    segment.values[entry * segment.width + index] = value;
  }

  /** All values of the key, which must have state: `values[start …]`, valid until the next insertion. */
  get state(): { readonly values: Float64Array; readonly start: number } {
    const entry = this.#find();
    const { values, width } = this.#segment();
    this.#place.values = values;
    this.#place.start = entry * width;
    return this.#place;
  }

  /** The byte value: `stateBytes[stateStart, stateStart + stateLength)`; empty when there is none. */
  get stateBytes(): Uint8Array {
    this.#find(); // the segment must be this key's
    return this.#segment().byteValues!.bytes;
  }

  get stateStart(): number {
    const entry = this.#find();
    return entry === ABSENT ? 0 : this.#segment().byteValues!.offsets[entry]!;
  }

  get stateLength(): number {
    const entry = this.#find();
    return entry === ABSENT ? 0 : this.#segment().byteValues!.lengths[entry]!;
  }

  /** Replaces the byte value by a copy of the span. */
  setBytes(bytes: Uint8Array, start: number, length: number): void {
    const entry = this.#open();
    const segment = this.#segment();
    const store = segment.byteValues;
    assert(store !== null, "the process function declared no byte value");
    store.set(entry, bytes, start, length, segment.count);
  }

  /** Appends a copy of the row that is being processed to the key's list. Only in `onRow`. */
  appendRow(list: number): void {
    const entry = this.#open();
    this.#rowLists().append(this.#segment(), entry, list, present(this.#batch, "row"), this.#row);
  }

  /** The list's first row, or `END_OF_LIST`; see `rowAt`. */
  firstRow(list: number): number {
    const entry = this.#find();
    return entry === ABSENT ? END_OF_LIST : this.#rowLists().first(this.#segment(), entry, list);
  }

  /** The row after `row`, or `END_OF_LIST`. */
  nextRow(list: number, row: number): number {
    return this.#rowLists().next(list, row);
  }

  /** A cursor at a row of a list; valid until the next call for the same list. */
  rowAt(list: number, row: number): Row {
    const cursor = this.#cursors[list]!;
    cursor.bind(this.#rowLists().rowAt(list, row));
    cursor.moveTo(0);
    return cursor;
  }

  /** Empties the list. */
  clearRows(list: number): void {
    const entry = this.#find();
    if (entry !== ABSENT) this.#rowLists().clear(this.#segment(), entry, list);
  }

  /** Forgets the key's state; its timers stay. */
  clear(): void {
    const entry = this.#find();
    if (entry !== ABSENT) {
      this.#lists?.clearEntry(this.#segment(), entry);
      this.#segment().remove(entry);
    }
    this.entry = ABSENT;
  }

  /** Writes the state and timers of all keys. */
  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.watermarkMs);
    this.table.snapshot(writer);
    this.timers.snapshot(writer);
    this.processingTimers?.snapshot(writer);
  }

  /** Adds those key groups of the snapshots that this instance owns; the watermark is the smallest one. */
  restore(snapshots: readonly SnapshotReader[]): void {
    let watermarkMs = snapshots.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      watermarkMs = Math.min(watermarkMs, snapshot.f64());
      this.table.restore(snapshot);
      this.timers.restore(snapshot);
      this.processingTimers?.restore(snapshot);
    }
    this.watermarkMs = watermarkMs;
  }

  /** Calls `onTimer` for this key when the watermark reaches `timeMs`; setting it twice is setting it once. */
  setTimer(timeMs: number): void {
    this.makeKeyBytes();
    this.timers.set(timeMs, this.group(), this.bytes, this.start, this.end);
  }

  cancelTimer(timeMs: number): void {
    this.makeKeyBytes();
    this.timers.cancel(timeMs, this.group(), this.bytes, this.start, this.end);
  }

  /** Processing time, epoch ms. Only where the operator declares `processingTime`. */
  get processingTimeMs(): number {
    return present(this.#alarm, DECLARE).nowMs;
  }

  /** Calls `onProcessingTimer` for this key when the clock has reached `timeMs`, or at the end of input; does nothing after that. */
  setProcessingTimer(timeMs: number): void {
    if (this.watermarkMs === Number.POSITIVE_INFINITY) return;
    this.makeKeyBytes();
    present(this.processingTimers, DECLARE).set(timeMs, this.group(), this.bytes, this.start, this.end);
    present(this.#alarm, DECLARE).wakeAt(timeMs);
  }

  cancelProcessingTimer(timeMs: number): void {
    this.makeKeyBytes();
    present(this.processingTimers, DECLARE).cancel(timeMs, this.group(), this.bytes, this.start, this.end);
  }

  #rowLists(): RowLists {
    return present(this.#lists, "list of rows that the process function did not declare");
  }

  #segment(): Segment {
    return this.table.at;
  }

  #find(): number {
    if (this.entry !== UNKNOWN) return this.entry;
    const { table } = this;
    this.entry =
      table instanceof NumberKeyTable ? table.find(this.number) : table.find(this.bytes, this.start, this.end);
    return this.entry;
  }

  #open(): number {
    if (this.entry >= 0) return this.entry;
    const { table } = this;
    this.entry =
      table instanceof NumberKeyTable ? table.upsert(this.number) : table.upsert(this.bytes, this.start, this.end);
    return this.entry;
  }
}
