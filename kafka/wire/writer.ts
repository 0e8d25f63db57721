import { assert } from "../../base/assert.ts";

const TWO_TO_32 = 4294967296;

/** Writes the fixed-size types of the Kafka protocol into a buffer that grows. */
export class Writer {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, as a view. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(length: number): number {
    const start = this.#length;
    const needed = start + length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    this.#length = needed;
    return start;
  }

  int8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  /** A safe integer as 64 bits. */
  int64(value: number): this {
    assert(Number.isSafeInteger(value), "64-bit field needs a safe integer", { value });
    const at = this.#room(8);
    writeInt64(this.#buffer, at, value);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value, "utf8");
    this.int16(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, "utf8");
    return this;
  }

  array<T>(values: readonly T[], element: (writer: Writer, value: T) => void): this {
    this.int32(values.length);
    for (const value of values) element(this, value);
    return this;
  }

  /** Overwrites the 32-bit field at `position`. */
  setInt32(position: number, value: number): void {
    this.#buffer.writeInt32BE(value, position);
  }
}

/** Writes a safe integer as 64 bits at `position`. */
export function writeInt64(target: Buffer, position: number, value: number): void {
  target.writeInt32BE(Math.floor(value / TWO_TO_32), position);
  target.writeUInt32BE(((value % TWO_TO_32) + TWO_TO_32) % TWO_TO_32, position + 4);
}
