import { assert } from "../../base/assert.ts";
import type { RowWriter } from "../rows/batch-builder.ts";
import type { KeyCodec } from "../rows/key.ts";
import { keyGroupOfBytes, keyGroupOfNumber } from "../rows/key-groups.ts";
import { BytesKeyTable, NumberKeyTable, type TableOptions } from "../state/key-table.ts";
import type { Segment } from "../state/segment.ts";
import { Timers } from "../state/timers.ts";
import type { KeyGroupRange } from "./operator.ts";

/** Place of the current key in the table: not looked up yet, or not there. */
const UNKNOWN = -2;
const ABSENT = -1;

/** A keyed process function's view of the current key: its state and its timers. Valid only during the call. */
export class KeyedContext {
  /** No row with event time ≤ this follows; rows that are older are late. */
  watermarkMs: number = Number.NEGATIVE_INFINITY;
  readonly table: NumberKeyTable | BytesKeyTable;
  readonly timers: Timers;
  readonly #codec: KeyCodec;
  readonly #total: number;
  #number = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #entry = UNKNOWN;

  constructor(codec: KeyCodec, range: KeyGroupRange, state: TableOptions) {
    this.#codec = codec;
    this.#total = range.total;
    this.table = codec.numeric ? new NumberKeyTable(range, state) : new BytesKeyTable(range, state);
    this.timers = new Timers(range);
  }

  /** Makes a numeric key current. */
  useNumber(key: number): void {
    this.#number = key;
    this.#entry = UNKNOWN;
  }

  /** Makes the key `bytes[start, end)` current; numeric keys are decoded. */
  useBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#entry = UNKNOWN;
    if (this.#codec.numeric) this.#number = this.#codec.decodeNumber(bytes, start);
  }

  /** The current key, where it is one integer field; `NULL_KEY` for NULL. */
  get key(): number {
    return this.#number;
  }

  /** Sets fields 0, 1 … of `out` to the key's fields. */
  writeKey(out: RowWriter): void {
    if (this.#codec.numeric) this.#codec.writeNumber(this.#number, out);
    else this.#codec.writeBytes(this.#bytes, this.#start, out);
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

  /** The byte value: `stateBytes[stateStart, stateStart + stateLength)`; empty when there is none. */
  get stateBytes(): Uint8Array {
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

  /** Forgets the key's state; its timers stay. */
  clear(): void {
    const entry = this.#find();
    if (entry !== ABSENT) this.#segment().remove(entry);
    this.#entry = ABSENT;
  }

  /** Calls `onTimer` for this key when the watermark reaches `timeMs`; setting it twice is setting it once. */
  setTimer(timeMs: number): void {
    this.#makeKeyBytes();
    this.timers.set(timeMs, this.#group(), this.#bytes, this.#start, this.#end);
  }

  cancelTimer(timeMs: number): void {
    this.#makeKeyBytes();
    this.timers.cancel(timeMs, this.#group(), this.#bytes, this.#start, this.#end);
  }

  #segment(): Segment {
    return this.table.at;
  }

  #find(): number {
    if (this.#entry !== UNKNOWN) return this.#entry;
    const { table } = this;
    this.#entry =
      table instanceof NumberKeyTable ? table.find(this.#number) : table.find(this.#bytes, this.#start, this.#end);
    return this.#entry;
  }

  #open(): number {
    if (this.#entry >= 0) return this.#entry;
    const { table } = this;
    this.#entry =
      table instanceof NumberKeyTable ? table.upsert(this.#number) : table.upsert(this.#bytes, this.#start, this.#end);
    return this.#entry;
  }

  #group(): number {
    return this.#codec.numeric
      ? keyGroupOfNumber(this.#number, this.#total)
      : keyGroupOfBytes(this.#bytes, this.#start, this.#end, this.#total);
  }

  /** Numeric keys have bytes only where a timer needs them. */
  #makeKeyBytes(): void {
    if (!this.#codec.numeric) return;
    this.#codec.encodeNumber(this.#number);
    this.#bytes = this.#codec.bytes;
    this.#start = 0;
    this.#end = this.#codec.length;
  }
}
