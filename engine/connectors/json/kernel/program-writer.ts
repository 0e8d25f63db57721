import { assert } from "../../../../base/assert.ts";
import { grownBytes } from "../../../rows/bytes.ts";

const BLOCK_BYTES = 16;
const FIRST_BYTES = 2048;

/** Writes a table for the kernel: words, numbers and literals at addresses from `start` on. */
export class ProgramWriter {
  readonly #start: number;
  readonly #capacity: number;
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #used = 0;

  constructor(start: number, capacity: number) {
    this.#start = start;
    this.#capacity = capacity;
  }

  /** Room for so many 32-bit words, all 0; returns its address. */
  reserve(words: number): number {
    return this.#take(words * 4);
  }

  /** Sets word `index` of what begins at address `at`. */
  set(at: number, index: number, value: number): void {
    this.#view.setInt32(at - this.#start + index * 4, value, true);
  }

  /** As `set`; takes two words. */
  setF64(at: number, index: number, value: number): void {
    this.#view.setFloat64(at - this.#start + index * 4, value, true);
  }

  /** A text to compare with: per 16 bytes the bytes, then a mask of those that count. */
  literal(text: string): { readonly at: number; readonly length: number } {
    const bytes = new TextEncoder().encode(text);
    const at = this.#take(Math.ceil(bytes.length / BLOCK_BYTES) * 2 * BLOCK_BYTES);
    bytes.forEach((byte, i) => {
      const block = Math.floor(i / BLOCK_BYTES) * 2 * BLOCK_BYTES;
      const target = at - this.#start + block + (i % BLOCK_BYTES);
      this.#bytes[target] = byte;
      this.#bytes[target + BLOCK_BYTES] = 0xff;
    });
    return { at, length: bytes.length };
  }

  /** A text to copy. */
  text(text: string): { readonly at: number; readonly length: number } {
    const bytes = new TextEncoder().encode(text);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at - this.#start);
    return { at, length: bytes.length };
  }

  /** The table. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used = (at + bytes + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    assert(this.#used <= this.#capacity, "the kernel has no room for such a format", { bytes: at + bytes });
    if (this.#used > this.#bytes.length) {
      this.#bytes = grownBytes(this.#bytes, at, this.#used);
      this.#view = new DataView(this.#bytes.buffer);
    }
    return this.#start + at;
  }
}
