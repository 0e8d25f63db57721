import type { ColumnBatch } from "../rows/batch.ts";
import type { RowWriter } from "../rows/batch-builder.ts";
import type { KeyCodec } from "../rows/key.ts";
import { keyGroupOfBytes, keyGroupOfNumber } from "../rows/key-groups.ts";

/** Place of the current key in the state's table: not looked up yet. */
export const UNKNOWN = -2;

/** The key that a keyed function is called for: a number, or bytes that belong to the caller. */
export abstract class CurrentKey {
  protected readonly codec: KeyCodec;
  /** Key groups. */
  protected readonly total: number;
  protected number = 0;
  protected bytes: Uint8Array = new Uint8Array(0);
  protected start = 0;
  protected end = 0;
  protected entry: number = UNKNOWN;

  constructor(codec: KeyCodec, total: number) {
    this.codec = codec;
    this.total = total;
  }

  /** Makes a numeric key current. */
  useNumber(key: number): void {
    this.number = key;
    this.entry = UNKNOWN;
  }

  /** Makes the key `bytes[start, end)` current; numeric keys are decoded. */
  useBytes(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.entry = UNKNOWN;
    if (this.codec.numeric) this.number = this.codec.decodeNumber(bytes, start);
  }

  /** Makes the key of physical row `row` current; `codec` knows its fields, which may be others than this codec's of the same types. */
  useKeyOf(codec: KeyCodec, batch: ColumnBatch, row: number): void {
    if (codec.numeric) this.useNumber(codec.numberOf(batch, row));
    else {
      codec.encode(batch, row);
      this.useBytes(codec.bytes, 0, codec.length);
    }
  }

  /** The current key, where it is one integer field; `NULL_KEY` for NULL. */
  get key(): number {
    return this.number;
  }

  /** Sets fields 0, 1 … of `out` to the key's fields. */
  writeKey(out: RowWriter): void {
    if (this.codec.numeric) this.codec.writeNumber(this.number, out);
    else this.codec.writeBytes(this.bytes, this.start, out);
  }

  /** The key's group. */
  protected group(): number {
    return this.codec.numeric
      ? keyGroupOfNumber(this.number, this.total)
      : keyGroupOfBytes(this.bytes, this.start, this.end, this.total);
  }

  /** Numeric keys have bytes only where a timer needs them. */
  protected makeKeyBytes(): void {
    if (!this.codec.numeric) return;
    this.codec.encodeNumber(this.number);
    this.bytes = this.codec.bytes;
    this.start = 0;
    this.end = this.codec.length;
  }
}
