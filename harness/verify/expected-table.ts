import { hashNumber } from "../../base/hash.ts";
import { EXPECTED_ORDINAL_AT, type ExpectedRows } from "./expected.ts";
import type { PartitionedRecords } from "./partitioned-records.ts";

/** Trigger of rows that are charged to no event: after every index, so that they come last among equal rows. */
export const NO_TRIGGER = 0xffffffff;

/**
 * The expected rows of one partition, looked up by (name, content): open addressing on typed arrays; equal rows form a chain in
 * the order of their triggers, with a cursor at the first that is not yet observed. About 70 bytes a row of `capacity`; loaded anew
 * for each partition, because fresh memory would cost more than the join.
 */
export class ExpectedTable {
  count = 0;
  /** 1 once the row was observed. */
  readonly taken: Uint8Array;
  readonly trigger: Uint32Array;
  readonly lastInput: Uint32Array;
  readonly ordinal: Uint32Array;
  /** 1 for rows that may be missing. */
  readonly optional: Uint8Array;
  readonly #hashes: Uint32Array; // name high, name low, content high, content low, order high, order low
  readonly #next: Int32Array;
  readonly #cursor: Int32Array;
  readonly #tail: Int32Array;
  readonly #slots: Int32Array;
  #mask = 0;
  #names: Int32Array | null = null;

  /** `capacity`: the most rows of any partition that will be loaded. */
  constructor(capacity: number) {
    this.taken = new Uint8Array(capacity);
    this.trigger = new Uint32Array(capacity);
    this.lastInput = new Uint32Array(capacity);
    this.ordinal = new Uint32Array(capacity);
    this.optional = new Uint8Array(capacity);
    this.#hashes = new Uint32Array(capacity * 6);
    this.#next = new Int32Array(capacity);
    this.#cursor = new Int32Array(capacity);
    this.#tail = new Int32Array(capacity);
    this.#slots = new Int32Array(slotsFor(capacity));
  }

  /** Replaces what the table held by the rows of one partition. */
  load(records: PartitionedRecords, partition: number, rows: Pick<ExpectedRows, "triggerOf">): void {
    this.count = records.count(partition);
    this.#mask = slotsFor(this.count) - 1;
    this.#slots.fill(-1, 0, this.#mask + 1);
    this.#names = null;
    this.taken.fill(0, 0, this.count);
    const ascending = this.#read(records, partition, rows);
    this.#link(ascending ? null : this.#byTrigger());
  }

  /** The chain of rows equal to (name, content), or −1. */
  find(nameHigh: number, nameLow: number, contentHigh: number, contentLow: number): number {
    return this.#slots[this.#slot(nameHigh, nameLow, contentHigh, contentLow)]!;
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

  nameHigh(row: number): number {
    return this.#hashes[row * 6]!;
  }

  nameLow(row: number): number {
    return this.#hashes[row * 6 + 1]!;
  }

  orderHigh(row: number): number {
    return this.#hashes[row * 6 + 4]!;
  }

  orderLow(row: number): number {
    return this.#hashes[row * 6 + 5]!;
  }

  /** The slot that holds the chain, or the empty one where it belongs. */
  #slot(nameHigh: number, nameLow: number, contentHigh: number, contentLow: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = this.#mask;
    let slot = spread(nameHigh, contentLow) & mask;
    for (let row = slots[slot]!; row >= 0; row = slots[slot]!) {
      const h = row * 6;
      if (
        hashes[h + 3] === contentLow &&
        hashes[h + 2] === contentHigh &&
        hashes[h] === nameHigh &&
        hashes[h + 1] === nameLow
      ) {
        break;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Fills the arrays; true when the triggers ascend, as they do unless an oracle emits out of order. */
  #read(records: PartitionedRecords, partition: number, rows: Pick<ExpectedRows, "triggerOf">): boolean {
    let row = 0;
    let latest = -1;
    let ascending = true;
    records.forEach(partition, (view, at) => {
      for (let i = 0; i < 6; i++) this.#hashes[row * 6 + i] = view.getUint32(at + i * 4, true);
      const trigger = rows.triggerOf(view.getFloat64(at + 24, true)) ?? NO_TRIGGER;
      this.trigger[row] = trigger;
      this.lastInput[row] = view.getUint32(at + 32, true);
      const ordinal = view.getInt32(at + EXPECTED_ORDINAL_AT, true);
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
    const hashes = this.#hashes;
    for (let i = 0; i < this.count; i++) {
      const row = order === null ? i : order[i]!;
      const h = row * 6;
      const slot = this.#slot(hashes[h]!, hashes[h + 1]!, hashes[h + 2]!, hashes[h + 3]!);
      const chain = this.#slots[slot]!;
      this.#next[row] = -1;
      if (chain >= 0) {
        this.#next[this.#tail[chain]!] = row;
        this.#tail[chain] = row;
        continue;
      }
      this.#slots[slot] = row;
      this.#cursor[row] = row;
      this.#tail[row] = row;
    }
  }

  #indexNames(): Int32Array {
    const names = new Int32Array(slotsFor(this.count)).fill(-1);
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

function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4, count * 1.5)));
}

function spread(a: number, b: number): number {
  return hashNumber(a ^ Math.imul(b, 0x9e3779b1));
}
