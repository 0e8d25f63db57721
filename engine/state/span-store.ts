import { copyBytes } from "../rows/bytes.ts";
import { grownInt32, grownUint8 } from "./growable.ts";

const INITIAL_BYTES = 64;

/** One byte string per entry, all in one growing array; what removals and replacements leave behind is compacted away in time. */
export class SpanStore {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  offsets: Int32Array;
  lengths: Int32Array;
  #used = 0;
  #live = 0;

  constructor(capacity: number) {
    this.offsets = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
  }

  /** Makes room for `capacity` entries. */
  grow(capacity: number): void {
    this.offsets = grownInt32(this.offsets, capacity);
    this.lengths = grownInt32(this.lengths, capacity);
  }

  /** Replaces the bytes of `entry` (those of a new entry are empty); `count` entries are in use. */
  set(entry: number, source: Uint8Array, start: number, length: number, count: number): void {
    const old = this.lengths[entry]!;
    if (length > old) {
      this.lengths[entry] = 0;
      this.#live -= old;
      if (this.#used + length > this.bytes.length) this.#makeRoom(length, count);
      this.offsets[entry] = this.#used;
      this.#used += length;
      this.#live += length;
    } else this.#live += length - old;
    copyBytes(this.bytes, this.offsets[entry]!, source, start, length);
    this.lengths[entry] = length;
  }

  /** Forgets `entry`, then gives its place to entry `last`. */
  removeAndFill(entry: number, last: number): void {
    this.#live -= this.lengths[entry]!;
    this.offsets[entry] = this.offsets[last]!;
    this.lengths[entry] = this.lengths[last]!;
    this.offsets[last] = 0;
    this.lengths[last] = 0;
  }

  /** Forgets all entries, keeps the memory. */
  clear(): void {
    this.#used = 0;
    this.#live = 0;
    this.offsets.fill(0);
    this.lengths.fill(0);
  }

  /** Room for `length` more bytes: compacts when at least half is garbage, else doubles. */
  #makeRoom(length: number, count: number): void {
    const wanted = this.#live + length;
    if (wanted * 2 > this.bytes.length) {
      const size = Math.max(this.#used + length, this.bytes.length * 2);
      this.bytes = grownUint8(this.bytes, this.#used, size);
      return;
    }
    const compacted = new Uint8Array(this.bytes.length);
    let used = 0;
    for (let entry = 0; entry < count; entry++) {
      const size = this.lengths[entry]!;
      copyBytes(compacted, used, this.bytes, this.offsets[entry]!, size);
      this.offsets[entry] = used;
      used += size;
    }
    this.bytes = compacted;
    this.#used = used;
  }
}
