import { hashNumber } from "../../base/hash.ts";

const INITIAL_SLOTS = 1_024;
/** u32 each: order high, order low, lane, latest trigger; together, so that a look-up touches one line of the cache. */
const SLOT_WORDS = 4;
/** In place of a trigger: the slot is free. */
const FREE = 0xffffffff;

/**
 * Counts outputs that overtook another one: same order key, same input partition of the trigger, same output partition, yet
 * observed after an output with a later trigger. Counted against the running maximum, so one late output counts once.
 * 32 to 64 bytes a lane: (key, input partition, output partition). A full table takes no further lanes and knows nothing of them, then or
 * later.
 */
export class OrderCheck {
  readonly #most: number;
  #slots = new Uint32Array(INITIAL_SLOTS * SLOT_WORDS).fill(FREE);
  #used = 0;

  /** `most`: lanes that it may hold. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Forgets every lane. */
  clear(): void {
    this.#slots.fill(FREE);
    this.#used = 0;
  }

  /** The next output in the order of observation. `full`: its lane is none of those in the table, and there is no room for it. */
  next(
    orderHigh: number,
    orderLow: number,
    inPartition: number,
    outPartition: number,
    trigger: number,
  ): "inOrder" | "late" | "full" {
    const lane = ((inPartition << 16) | outPartition) >>> 0;
    const at = this.#find(orderHigh, orderLow, lane);
    const slots = this.#slots;
    const latest = slots[at + 3]!;
    if (latest !== FREE) {
      if (trigger < latest) return "late";
      slots[at + 3] = trigger;
      return "inOrder";
    }
    if (this.#used === this.#most) return "full";
    slots[at] = orderHigh;
    slots[at + 1] = orderLow;
    slots[at + 2] = lane;
    slots[at + 3] = trigger;
    this.#used++;
    if (this.#used * 2 * SLOT_WORDS > slots.length) this.#grow();
    return "inOrder";
  }

  /** Where the lane's slot begins, or the free one where it belongs. */
  #find(high: number, low: number, lane: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = hashNumber(high ^ Math.imul(low, 0x9e3779b1) ^ Math.imul(lane, 0x85ebca6b));
    let at = Math.imul(hash, SLOT_WORDS) & mask;
    while (slots[at + 3]! !== FREE) {
      if (slots[at] === high && slots[at + 1] === low && slots[at + 2] === lane) break;
      at = (at + SLOT_WORDS) & mask;
    }
    return at;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2).fill(FREE);
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + 3] === FREE) continue;
      const to = this.#find(old[at]!, old[at + 1]!, old[at + 2]!);
      this.#slots.set(old.subarray(at, at + SLOT_WORDS), to);
    }
  }
}
