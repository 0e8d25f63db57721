import { hashNumber } from "../../base/hash.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { grownFloat64 } from "./growable.ts";
import type { OldIndex } from "./old-index.ts";
import { Segment } from "./segment.ts";

/** Below this many keys an insertion sort beats the call of the native one. */
const SMALL_SORT = 24;

/** Entries of one key group whose keys are numbers (`KeyCodec.numeric`). */
export class NumberSegment extends Segment {
  /** Key of each entry. */
  keys: Float64Array = new Float64Array(this.capacity);
  #order: Int32Array = new Int32Array(0);
  #sortedKeys: Float64Array = new Float64Array(0);

  /** The key's entry, or −1. */
  find(hash: number, key: number): number {
    const { slots, keys } = this;
    const mask = slots.length - 1;
    for (let slot = this.home(hash); ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return this.old === null ? entry : this.#findOld(this.old, hash, key);
      if (keys[entry] === key) {
        if (this.frozen !== null) this.frozen.touch(entry);
        return entry;
      }
    }
  }

  /** The key's entry, inserted when it was not there (see `inserted`). `hash` = `hashNumber(key)`. */
  upsert(hash: number, key: number): number {
    const { slots, keys } = this;
    const mask = slots.length - 1;
    let slot = this.home(hash);
    for (; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) break;
      if (keys[entry] === key) {
        if (this.frozen !== null) this.frozen.touch(entry);
        this.inserted = false;
        return entry;
      }
    }
    const known = this.old === null ? -1 : this.#findOld(this.old, hash, key);
    if (known >= 0) {
      this.inserted = false;
      return known;
    }
    const entry = this.add(hash, slot);
    this.keys[entry] = key;
    return entry;
  }

  override upsertFrom(other: NumberSegment, entry: number): number {
    return this.upsert(other.hashes[entry]!, other.keys[entry]!);
  }

  override sorted(): Int32Array {
    const { count } = this;
    if (this.#order.length < count) {
      this.#order = new Int32Array(this.capacity);
      this.#sortedKeys = new Float64Array(this.capacity);
    }
    if (count <= SMALL_SORT) this.#insertionSort();
    else {
      this.#sortedKeys.set(this.keys.subarray(0, count));
      this.#sortedKeys.subarray(0, count).sort();
      for (let i = 0; i < count; i++) {
        const key = this.#sortedKeys[i]!;
        this.#order[i] = this.find(hashNumber(key), key);
      }
    }
    return this.#order;
  }

  #findOld(old: OldIndex, hash: number, key: number): number {
    const { slots } = old;
    const mask = slots.length - 1;
    for (let slot = old.home(hash); slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry >= 0 && this.keys[entry] === key) {
        this.frozen?.touch(entry);
        return entry;
      }
    }
    return -1;
  }

  #insertionSort(): void {
    const order = this.#order;
    const { count, keys } = this;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      let at = i;
      for (; at > 0 && keys[order[at - 1]!]! > key; at--) order[at] = order[at - 1]!;
      order[at] = i;
    }
  }

  protected override growKeys(capacity: number): void {
    this.keys = grownFloat64(this.keys, capacity);
  }

  protected override moveKey(from: number, to: number): void {
    this.keys[to] = this.keys[from]!;
  }

  override get entryBytes(): number | null {
    return this.byteValues === null ? (1 + this.savedWidth) * Float64Array.BYTES_PER_ELEMENT : null;
  }

  override writeKey(entry: number, writer: SnapshotWriter): void {
    writer.f64(this.keys[entry]!);
  }

  protected override readKey(reader: SnapshotReader): number {
    const key = reader.f64();
    return this.upsert(hashNumber(key), key);
  }
}
