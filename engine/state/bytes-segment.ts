import { hashBytes } from "../../base/hash.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { compareBytes } from "../rows/bytes.ts";
import type { OldIndex } from "./old-index.ts";
import { Segment } from "./segment.ts";
import { SpanStore } from "./span-store.ts";

/** Entries of one key group whose keys are byte strings (`KeyCodec.encode`). */
export class BytesSegment extends Segment {
  /** Key bytes of each entry. */
  readonly keys: SpanStore = new SpanStore(this.capacity);

  /** The entry of key `bytes[start, end)`, or −1. `hash` = `hashBytes` of it. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.slots.length - 1;
    for (let slot = this.home(hash); ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot]! - 1;
      if (entry < 0) return this.old === null ? entry : this.#findOld(this.old, hash, bytes, start, end);
      if (this.hashes[entry] === (hash | 0) && this.#hasKey(entry, bytes, start, end)) {
        if (this.frozen !== null) this.frozen.touch(entry);
        return entry;
      }
    }
  }

  /** The key's entry, inserted when it was not there (see `inserted`). The key is copied. */
  upsert(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.slots.length - 1;
    let slot = this.home(hash);
    for (; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot]! - 1;
      if (entry < 0) break;
      if (this.hashes[entry] === (hash | 0) && this.#hasKey(entry, bytes, start, end)) {
        if (this.frozen !== null) this.frozen.touch(entry);
        this.inserted = false;
        return entry;
      }
    }
    const known = this.old === null ? -1 : this.#findOld(this.old, hash, bytes, start, end);
    if (known >= 0) {
      this.inserted = false;
      return known;
    }
    const entry = this.add(hash, slot);
    this.keys.set(entry, bytes, start, end - start, this.count);
    return entry;
  }

  override upsertFrom(other: BytesSegment, entry: number): number {
    const start = other.keys.offsets[entry]!;
    return this.upsert(other.hashes[entry]!, other.keys.bytes, start, start + other.keys.lengths[entry]!);
  }

  /** Order of two entries' keys. */
  compare(a: number, b: number): number {
    const { bytes, offsets, lengths } = this.keys;
    const aStart = offsets[a]!;
    const bStart = offsets[b]!;
    return compareBytes(bytes, aStart, aStart + lengths[a]!, bytes, bStart, bStart + lengths[b]!);
  }

  override sorted(): Int32Array {
    const order = Int32Array.from({ length: this.count }, (_, entry) => entry);
    return order.sort((a, b) => this.compare(a, b));
  }

  override clear(): void {
    super.clear();
    this.keys.clear();
  }

  protected override growKeys(capacity: number): void {
    this.keys.grow(capacity);
  }

  protected override moveKey(from: number, to: number): void {
    this.keys.removeAndFill(to, from);
  }

  override get entryBytes(): null {
    return null;
  }

  override writeKey(entry: number, writer: SnapshotWriter): void {
    writer.span(this.keys.bytes, this.keys.offsets[entry]!, this.keys.lengths[entry]!);
  }

  protected override readKey(reader: SnapshotReader): number {
    const key = reader.bytes();
    return this.upsert(hashBytes(key, 0, key.length), key, 0, key.length);
  }

  #findOld(old: OldIndex, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const { slots } = old;
    const mask = slots.length - 1;
    for (let slot = old.home(hash); slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry >= 0 && this.hashes[entry] === (hash | 0) && this.#hasKey(entry, bytes, start, end)) {
        this.frozen?.touch(entry);
        return entry;
      }
    }
    return -1;
  }

  #hasKey(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.keys.lengths[entry]!;
    if (length !== end - start) return false;
    const own = this.keys.bytes;
    const offset = this.keys.offsets[entry]!;
    for (let i = 0; i < length; i++) if (own[offset + i] !== bytes[start + i]) return false;
    return true;
  }
}
