import { hashBytes } from "../../base/hash.ts";
import type { SnapshotReader } from "../checkpoint/snapshot.ts";
import { BytesSegment } from "./bytes-segment.ts";
import { grownInt32 } from "./growable.ts";
import type { Segment } from "./segment.ts";

const TIME_BYTES = 8;
const TWO_32 = 4294967296;

/**
 * Timers of one key group, each a byte string (time as i64 big endian with flipped sign, key bytes), so that the order of bytes is
 * the order of firing. A segment keeps them once each; a binary heap over its entries gives the first.
 */
export class TimerGroup {
  readonly #timers = new BytesSegment(0, false);
  /** Entries of the segment; the heap's first is the next to fire. */
  #heap: Int32Array = new Int32Array(4);
  /** Place of each entry in the heap. */
  #places: Int32Array = new Int32Array(4);

  get count(): number {
    return this.#timers.count;
  }

  /** Time of the next timer; +Infinity when there is none. */
  get nextMs(): number {
    if (this.count === 0) return Number.POSITIVE_INFINITY;
    const { bytes, offsets } = this.#timers.keys;
    const at = offsets[this.#heap[0]!]!;
    return (readInt32(bytes, at) ^ 0x80000000) * TWO_32 + (readInt32(bytes, at + 4) >>> 0);
  }

  /** Adds timer `bytes[0, length)`; adding it twice is adding it once. */
  add(bytes: Uint8Array, length: number): void {
    const entry = this.#timers.upsert(hashBytes(bytes, 0, length), bytes, 0, length);
    if (!this.#timers.inserted) return;
    if (entry >= this.#heap.length) {
      this.#heap = grownInt32(this.#heap, 2 * this.#heap.length);
      this.#places = grownInt32(this.#places, 2 * this.#places.length);
    }
    this.#put(entry, entry);
    this.#up(entry);
  }

  /** Removes a timer; false when there was none. */
  cancel(bytes: Uint8Array, length: number): boolean {
    const entry = this.#timers.find(hashBytes(bytes, 0, length), bytes, 0, length);
    if (entry >= 0) this.#remove(entry);
    return entry >= 0;
  }

  /** Removes the next timer and copies it to `target`; returns its length. `target` must be large enough (`nextBytes`). */
  pop(target: Uint8Array): number {
    const entry = this.#heap[0]!;
    const { bytes, offsets, lengths } = this.#timers.keys;
    const length = lengths[entry]!;
    const start = offsets[entry]!;
    for (let i = 0; i < length; i++) target[i] = bytes[start + i]!;
    this.#remove(entry);
    return length;
  }

  /** Length of the next timer. */
  get nextBytes(): number {
    return this.#timers.keys.lengths[this.#heap[0]!]!;
  }

  /** The timers, for a snapshot: without values, each a key. */
  get segment(): Segment {
    return this.#timers;
  }

  read(reader: SnapshotReader): void {
    for (let left = reader.f64(); left > 0; left--) {
      const timer = reader.bytes();
      this.add(timer, timer.length);
    }
  }

  #remove(entry: number): void {
    const last = this.count - 1;
    const place = this.#places[entry]!;
    const mover = this.#heap[last]!;
    if (place !== last) {
      this.#put(mover, place);
      this.#down(place, last);
      this.#up(this.#places[mover]!);
    }
    this.#timers.remove(entry);
    if (entry !== last) this.#put(entry, this.#places[last]!); // the segment's last entry took the number of the removed one
  }

  #put(entry: number, place: number): void {
    this.#heap[place] = entry;
    this.#places[entry] = place;
  }

  #up(start: number): void {
    let place = start;
    const entry = this.#heap[place]!;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#timers.compare(this.#heap[parent]!, entry) <= 0) break;
      this.#put(this.#heap[parent]!, place);
      place = parent;
    }
    this.#put(entry, place);
  }

  #down(start: number, size: number): void {
    let place = start;
    const entry = this.#heap[place]!;
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#timers.compare(this.#heap[child + 1]!, this.#heap[child]!) < 0) child += 1;
      if (this.#timers.compare(entry, this.#heap[child]!) <= 0) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    this.#put(entry, place);
  }
}

/** Writes the time part of a timer; the key bytes follow it. Returns where. */
export function writeTimerTime(target: Uint8Array, timeMs: number): number {
  const high = Math.floor(timeMs / TWO_32) ^ 0x80000000;
  const low = timeMs | 0;
  for (let i = 0; i < 4; i++) {
    target[i] = high >>> (24 - 8 * i);
    target[4 + i] = low >>> (24 - 8 * i);
  }
  return TIME_BYTES;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
