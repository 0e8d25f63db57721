import { assert } from "../../base/assert.ts";

/** Multiplier of Fibonacci hashing: the slot is the top bits of hash × this, since the low bits of all hashes of a group agree. */
export const INDEX_SPREAD = 0x9e3779b1;
/** A slot whose entry has been taken; look-ups go on behind it. */
const TAKEN = -1;

/**
 * The index of a segment that has grown, while its entries move to the new one (`Segment`): open addressing with linear probing, to
 * which nothing is added any more. What has been moved or removed leaves a mark, so that probing still finds what lies behind it.
 */
export class OldIndex {
  /** Entry + 1; 0: always was free; `TAKEN`. */
  readonly slots: Int32Array;
  readonly #shift: number;
  /** All slots before this one are taken or free. */
  #next = 0;

  constructor(slots: Int32Array) {
    this.slots = slots;
    this.#shift = Math.clz32(slots.length) + 1;
  }

  get done(): boolean {
    return this.#next === this.slots.length;
  }

  /** First slot to look at for `hash`. */
  home(hash: number): number {
    return Math.imul(hash, INDEX_SPREAD) >>> this.#shift;
  }

  /** Takes the entry of the next slot; −1 when that has none. */
  take(): number {
    if (this.done) return -1;
    const value = this.slots[this.#next]!;
    if (value > 0) this.slots[this.#next] = TAKEN;
    this.#next += 1;
    return value > 0 ? value - 1 : -1;
  }

  /** Calls `entry`, which is here and has `hash`, `by` from now on; −1: it is removed. */
  replace(hash: number, entry: number, by: number): void {
    const mask = this.slots.length - 1;
    let slot = this.home(hash);
    while (this.slots[slot] !== entry + 1) {
      assert(this.slots[slot] !== 0, "every entry is in one of the indexes");
      slot = (slot + 1) & mask;
    }
    this.slots[slot] = by < 0 ? TAKEN : by + 1;
  }
}
