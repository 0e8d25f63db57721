import { hashNumber } from "../../base/hash.ts";

/**
 * Counts outputs that overtook another one: same order key, same input partition of the trigger, same output partition, yet
 * observed after an output with a later trigger. Counted against the running maximum, so one late output counts once.
 * One table entry a (key, input partition, output partition).
 */
export class OrderCheck {
  #keys: Uint32Array;
  #latest: Float64Array;
  #used = 0;

  constructor(capacity = 1024) {
    this.#keys = new Uint32Array(capacity * 3);
    this.#latest = new Float64Array(capacity).fill(Number.NaN);
  }

  /** The next output in the order of observation; true when it is out of order. */
  outOfOrder(orderHigh: number, orderLow: number, inPartition: number, outPartition: number, trigger: number): boolean {
    const lanes = ((inPartition << 16) | outPartition) >>> 0;
    const slot = this.#slot(orderHigh, orderLow, lanes);
    const latest = this.#latest[slot]!;
    if (trigger < latest) return true;
    this.#latest[slot] = trigger;
    if (!Number.isNaN(latest)) return false;
    this.#keys[slot * 3] = orderHigh;
    this.#keys[slot * 3 + 1] = orderLow;
    this.#keys[slot * 3 + 2] = lanes;
    this.#used++;
    if (this.#used * 2 > this.#latest.length) this.#grow();
    return false;
  }

  #slot(high: number, low: number, lanes: number): number {
    const mask = this.#latest.length - 1;
    let slot = hashNumber(high ^ Math.imul(low, 0x9e3779b1) ^ Math.imul(lanes, 0x85ebca6b)) & mask;
    while (!Number.isNaN(this.#latest[slot]!)) {
      const at = slot * 3;
      if (this.#keys[at] === high && this.#keys[at + 1] === low && this.#keys[at + 2] === lanes) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const latest = this.#latest;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#latest = new Float64Array(latest.length * 2).fill(Number.NaN);
    for (let old = 0; old < latest.length; old++) {
      if (Number.isNaN(latest[old]!)) continue;
      const slot = this.#slot(keys[old * 3]!, keys[old * 3 + 1]!, keys[old * 3 + 2]!);
      this.#keys.set(keys.subarray(old * 3, old * 3 + 3), slot * 3);
      this.#latest[slot] = latest[old]!;
    }
  }
}
