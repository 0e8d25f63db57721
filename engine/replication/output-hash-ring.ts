import { assert } from "../../base/assert.ts";
import { crc32c } from "../../base/crc32c.ts";

/**
 * The latest bytes of a stream, and the checksum of the whole of it so far, which does not depend on how the bytes came: to take some is to
 * copy them; they are summed up when somebody asks, or before others take their place.
 */
export class OutputHashRing {
  readonly #capacity: number;
  /** Not there before it is needed. */
  #bytes: Uint8Array | null = null;
  /** Where the next byte goes. */
  #at = 0;
  /** Bytes taken so far. */
  #taken = 0;
  /** Those of them that are not in the checksum yet. */
  #pending = 0;
  #sum = 0;
  /** Bytes that were too many at once, and everything before them, were not kept. */
  #lostBefore = 0;

  constructor(capacity: number) {
    assert(capacity > 0, "a ring needs room");
    this.#capacity = capacity;
  }

  /** Bytes taken so far. */
  get taken(): number {
    return this.#taken;
  }

  take(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#pending + length > this.#capacity) this.#sumUp();
    this.#taken += length;
    if (length > this.#capacity) {
      this.#sum = crc32c(bytes, this.#sum);
      this.#lostBefore = this.#taken;
      return;
    }
    this.#pending += length;
    this.#bytes ??= new Uint8Array(this.#capacity);
    const room = this.#capacity - this.#at;
    if (length < room) {
      this.#bytes.set(bytes, this.#at);
      this.#at += length;
      return;
    }
    this.#bytes.set(bytes.subarray(0, room), this.#at);
    this.#bytes.set(bytes.subarray(room), 0);
    this.#at = length - room;
  }

  /** Of all bytes taken so far. */
  checksum(): number {
    this.#sumUp();
    return this.#sum;
  }

  /** Bytes [from, end) of the stream, or null when they are not kept any more. */
  slice(from: number, end: number): Uint8Array | null {
    if (from < this.#lostBefore || from < this.#taken - this.#capacity || end > this.#taken) return null;
    return Buffer.concat(this.#latest(this.#taken - from)).subarray(0, end - from);
  }

  #sumUp(): void {
    if (this.#pending === 0) return;
    for (const part of this.#latest(this.#pending)) this.#sum = crc32c(part, this.#sum);
    this.#pending = 0;
  }

  /** The last `count` bytes: one stretch of the buffer, or two where the end of it lies between. */
  #latest(count: number): readonly Uint8Array[] {
    if (this.#bytes === null || count === 0) return [];
    const from = this.#at - count;
    if (from >= 0) return [this.#bytes.subarray(from, this.#at)];
    return [this.#bytes.subarray(this.#capacity + from), this.#bytes.subarray(0, this.#at)];
  }
}
