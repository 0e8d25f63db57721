import { hashNumber } from "../../base/hash.ts";
import { EXPECTED_BYTES, type ExpectedRows } from "./expected.ts";
import type { PartitionedRecords } from "./partitioned-records.ts";

/** Trigger of rows that are charged to no event: after every index, so that they come last among equal rows. */
export const NO_TRIGGER = Number.POSITIVE_INFINITY;

/**
 * The expected rows of one partition, looked up by (name, content): open addressing on typed arrays; equal rows form a chain in
 * the order of their triggers, with a cursor at the first that is not yet observed. About 90 bytes a row.
 */
export class ExpectedTable {
  readonly count: number;
  /** 1 once the row was observed. */
  readonly taken: Uint8Array;
  readonly trigger: Float64Array;
  readonly lastInput: Float64Array;
  readonly ordinal: Float64Array;
  /** 1 for rows that may be missing. */
  readonly optional: Uint8Array;
  readonly #hashes: Uint32Array; // name high, name low, content high, content low, order high, order low
  readonly #next: Int32Array;
  readonly #cursor: Int32Array;
  readonly #slots: Int32Array;
  #names: Int32Array | null = null;

  constructor(records: PartitionedRecords, partition: number, rows: Pick<ExpectedRows, "triggerOf">) {
    this.count = records.count(partition);
    this.taken = new Uint8Array(this.count);
    this.trigger = new Float64Array(this.count);
    this.lastInput = new Float64Array(this.count);
    this.ordinal = new Float64Array(this.count);
    this.optional = new Uint8Array(this.count);
    this.#hashes = new Uint32Array(this.count * 6);
    this.#next = new Int32Array(this.count).fill(-1);
    this.#cursor = new Int32Array(this.count).fill(-1);
    this.#slots = new Int32Array(capacityFor(this.count)).fill(-1);
    const ascending = this.#load(records, partition, rows);
    this.#link(ascending ? null : this.#byTrigger());
  }

  /** The chain of rows equal to (name, content), or −1. */
  find(nameHigh: number, nameLow: number, contentHigh: number, contentLow: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = spread(nameHigh, contentLow) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!;
      if (row < 0) return -1;
      const h = row * 6;
      if (
        this.#hashes[h + 3] === contentLow &&
        this.#hashes[h + 2] === contentHigh &&
        this.#hashes[h] === nameHigh &&
        this.#hashes[h + 1] === nameLow
      ) {
        return row;
      }
    }
  }

  /** The first row of the chain that is not yet observed, or −1. */
  pending(chain: number): number {
    return this.#cursor[chain]!;
  }

  take(chain: number): void {
    const row = this.#cursor[chain]!;
    this.taken[row] = 1;
    this.#cursor[chain] = this.#next[row]!;
  }

  /** Whether any expected row has this name. The index is built at the first call: a clean run needs none. */
  hasName(nameHigh: number, nameLow: number): boolean {
    this.#names ??= this.#indexNames();
    const mask = this.#names.length - 1;
    for (let slot = spread(nameHigh, nameLow) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#names[slot]!;
      if (row < 0) return false;
      if (this.#hashes[row * 6] === nameHigh && this.#hashes[row * 6 + 1] === nameLow) return true;
    }
  }

  orderHigh(row: number): number {
    return this.#hashes[row * 6 + 4]!;
  }

  orderLow(row: number): number {
    return this.#hashes[row * 6 + 5]!;
  }

  /** Fills the arrays; true when the triggers ascend, as they do unless an oracle emits out of order. */
  #load(records: PartitionedRecords, partition: number, rows: Pick<ExpectedRows, "triggerOf">): boolean {
    let row = 0;
    let latest = Number.NEGATIVE_INFINITY;
    let ascending = true;
    records.forEach(partition, (view, at) => {
      for (let i = 0; i < 6; i++) this.#hashes[row * 6 + i] = view.getUint32(at + i * 4, true);
      const trigger = rows.triggerOf(view.getFloat64(at + 24, true)) ?? NO_TRIGGER;
      this.trigger[row] = trigger;
      this.lastInput[row] = view.getFloat64(at + 32, true);
      const ordinal = view.getFloat64(at + EXPECTED_BYTES - 8, true);
      this.optional[row] = ordinal < 0 ? 1 : 0;
      this.ordinal[row] = ordinal < 0 ? -1 - ordinal : ordinal;
      if (trigger < latest) ascending = false;
      latest = trigger;
      row++;
    });
    return ascending;
  }

  #byTrigger(): Uint32Array {
    const order = Uint32Array.from({ length: this.count }, (_, i) => i);
    return order.sort((a, b) => {
      const [x, y] = [this.trigger[a]!, this.trigger[b]!];
      return x < y ? -1 : x > y ? 1 : a - b;
    });
  }

  #link(order: Uint32Array | null): void {
    const tail = new Int32Array(this.count);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.count; i++) {
      const row = order === null ? i : order[i]!;
      const h = row * 6;
      const [nameHigh, nameLow] = [this.#hashes[h]!, this.#hashes[h + 1]!];
      const [contentHigh, contentLow] = [this.#hashes[h + 2]!, this.#hashes[h + 3]!];
      const chain = this.find(nameHigh, nameLow, contentHigh, contentLow);
      if (chain >= 0) {
        this.#next[tail[chain]!] = row;
        tail[chain] = row;
        continue;
      }
      let slot = spread(nameHigh, contentLow) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = row;
      this.#cursor[row] = row;
      tail[row] = row;
    }
  }

  #indexNames(): Int32Array {
    const names = new Int32Array(capacityFor(this.count)).fill(-1);
    const mask = names.length - 1;
    for (let row = 0; row < this.count; row++) {
      const [high, low] = [this.#hashes[row * 6]!, this.#hashes[row * 6 + 1]!];
      let slot = spread(high, low) & mask;
      for (let held = names[slot]!; held >= 0; held = names[slot]!) {
        if (this.#hashes[held * 6] === high && this.#hashes[held * 6 + 1] === low) break;
        slot = (slot + 1) & mask;
      }
      if (names[slot]! < 0) names[slot] = row;
    }
    return names;
  }
}

function capacityFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4, count * 2)));
}

function spread(a: number, b: number): number {
  return hashNumber(a ^ Math.imul(b, 0x9e3779b1));
}
