import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { FrozenGroupDetails } from "./entry-details.ts";
import { FrozenSegment } from "./frozen-segment.ts";
import { grownFloat64, grownInt32 } from "./growable.ts";
import { INDEX_SPREAD, OldIndex } from "./old-index.ts";
import { SpanStore } from "./span-store.ts";

const INITIAL_ENTRIES = 4;
/** Up to this many slots an index is rebuilt at once: cheaper than in steps, and bounded anyhow. */
const SMALL_INDEX_SLOTS = 512;
/** Slots of the old index that each insertion visits: so many that the move ends long before the next growth. */
const SLOTS_PER_STEP = 16;

/**
 * Entries of one key group: dense arrays of keys (in subclasses), hashes and values, and an open-addressing index (linear probing,
 * deletion by backward shift) from hash to entry. Entry numbers are 0 … count − 1 and change only when an entry is removed.
 *
 * Growth of a large index is spread over the insertions that follow: until it is done an entry is in the new index or in the old one,
 * never in both, and a look-up that ends in the new one goes on in the old one. The dense arrays grow in place (`growable.ts`).
 *
 * While a snapshot of the segment is being written (`frozen`), an entry must not change unless it has been looked up since the snapshot
 * was taken: `find`, `upsert` and `remove` have it written first.
 */
export abstract class Segment {
  /** f64 values per entry. */
  readonly width: number;
  readonly savedWidth: number;
  /** `values[entry · width …]`. Replaced when the segment grows: read it again after each insertion. */
  values: Float64Array;
  /** Byte values, where the table has them. */
  readonly byteValues: SpanStore | null;
  count = 0;
  /** Did the last upsert insert? Then its values are all 0 and its byte value is empty. */
  inserted = false;
  /** The snapshot that is being written, the newest of several; null: none. */
  frozen: FrozenSegment | null = null;
  protected capacity: number = INITIAL_ENTRIES;
  protected hashes: Int32Array = new Int32Array(INITIAL_ENTRIES);
  /** Entry + 1; 0: free. At most half of it is in use. */
  protected slots: Int32Array = new Int32Array(INITIAL_ENTRIES * 2);
  protected shift: number = Math.clz32(INITIAL_ENTRIES * 2) + 1;
  /** Entries that the index does not have yet; null but for the time after a growth. */
  protected old: OldIndex | null = null;

  /** `savedWidth`: how many of the values, from the first, are saved; the others are 0 after a restore. */
  constructor(width: number, hasByteValues: boolean, savedWidth: number = width) {
    this.width = width;
    this.savedWidth = savedWidth;
    this.values = new Float64Array(INITIAL_ENTRIES * width);
    this.byteValues = hasByteValues ? new SpanStore(INITIAL_ENTRIES) : null;
  }

  /** Finds or inserts the key of `other`'s entry; returns the entry here. */
  abstract upsertFrom(other: Segment, entry: number): number;
  /** Entries in the order of their key bytes: the first `count` of an array that is valid until the next call. */
  abstract sorted(): Int32Array;
  protected abstract growKeys(capacity: number): void;
  protected abstract moveKey(from: number, to: number): void;
  /** What an entry writes to a snapshot, bytes; null: entries differ. */
  abstract get entryBytes(): number | null;
  /** Writes an entry's key. */
  abstract writeKey(entry: number, writer: SnapshotWriter): void;
  /** Reads a key and finds or inserts it. */
  protected abstract readKey(reader: SnapshotReader): number;

  /** Hash of the entry's key. */
  hashOf(entry: number): number {
    return this.hashes[entry]!;
  }

  /** First slot to look at for `hash`. */
  protected home(hash: number): number {
    return Math.imul(hash, INDEX_SPREAD) >>> this.shift;
  }

  /** Adds an entry (its key not yet in the segment) and points free slot `slot` at it; the caller then stores the key. */
  protected add(hash: number, slot: number): number {
    const entry = this.count;
    let free = slot;
    if (entry === this.capacity) {
      this.#grow();
      free = this.#freeSlot(hash);
    } else if (this.old !== null) {
      this.moveSome(this.old);
      free = this.#freeSlot(hash);
    }
    this.hashes[entry] = hash;
    this.slots[free] = entry + 1;
    this.count = entry + 1;
    const at = entry * this.width;
    for (let i = 0; i < this.width; i++) this.values[at + i] = 0;
    this.inserted = true;
    return entry;
  }

  /** Removes an entry; the last one takes its number. */
  remove(entry: number): void {
    const last = this.count - 1;
    this.frozen?.touch(entry);
    this.frozen?.touch(last);
    this.#unlink(entry);
    if (entry !== last) {
      this.#renumber(last, entry);
      this.hashes[entry] = this.hashes[last]!;
      this.values.copyWithin(entry * this.width, last * this.width, this.count * this.width);
    }
    this.moveKey(last, entry);
    this.byteValues?.removeAndFill(entry, last);
    this.count = last;
  }

  /** Forgets all entries, keeps the memory. */
  clear(): void {
    assert(this.frozen === null, "a segment of which a snapshot is being written is replaced, not cleared");
    if (this.count === 0) return;
    this.slots.fill(0);
    this.old = null;
    this.byteValues?.clear();
    this.count = 0;
  }

  /** What the segment holds now, to be written while it changes; `details`: where those of its entries go. */
  freeze(details: FrozenGroupDetails | null): FrozenSegment {
    this.frozen = new FrozenSegment(this, details);
    return this.frozen;
  }

  /** The snapshot is complete or given up. */
  thaw(frozen: FrozenSegment): void {
    if (this.frozen === frozen) this.frozen = frozen.older;
    for (let newer = this.frozen; newer !== null; newer = newer.older) {
      if (newer.older === frozen) newer.older = frozen.older;
    }
  }

  /** Writes an entry: its key, the values that are saved, the byte value. */
  writeEntry(entry: number, writer: SnapshotWriter): void {
    const { byteValues, width, savedWidth } = this;
    this.writeKey(entry, writer);
    writer.f64s(this.values, entry * width, savedWidth);
    if (byteValues !== null) writer.span(byteValues.bytes, byteValues.offsets[entry]!, byteValues.lengths[entry]!);
  }

  /** Adds the entries of a frozen segment, numbered in their order there. */
  read(reader: SnapshotReader): void {
    const { byteValues, width, savedWidth } = this;
    const entries = reader.f64();
    this.#reserve(this.count + entries);
    for (let left = entries; left > 0; left--) {
      const entry = this.readKey(reader);
      assert(this.inserted, "a key occurs twice in the snapshots of one key group");
      for (let v = 0; v < savedWidth; v++) this.values[entry * width + v] = reader.f64();
      if (byteValues === null) continue;
      const bytes = reader.bytes();
      byteValues.set(entry, bytes, 0, bytes.length, this.count);
    }
  }

  /** Makes room for so many entries at once, where there are none yet: they are about to be read. */
  #reserve(entries: number): void {
    if (this.count > 0 || entries <= this.capacity) return;
    const doublings = Math.ceil(Math.log2(entries / this.capacity));
    [this.slots, this.old] = [new Int32Array(0), null]; // nothing to move
    this.#growTo(this.capacity * 2 ** doublings, doublings);
  }

  #grow(): void {
    this.#growTo(this.capacity * 2, 1);
  }

  #growTo(capacity: number, doublings: number): void {
    this.capacity = capacity;
    this.values = grownFloat64(this.values, this.capacity * this.width);
    this.hashes = grownInt32(this.hashes, this.capacity);
    this.byteValues?.grow(this.capacity);
    this.growKeys(this.capacity);
    const slots = this.slots;
    this.slots = new Int32Array(this.capacity * 2);
    this.shift -= doublings;
    if (slots.length > SMALL_INDEX_SLOTS) {
      assert(this.old === null, "the last growth is done before the next begins");
      this.old = new OldIndex(slots);
      return;
    }
    for (let entry = 0; entry < this.count; entry++) this.slots[this.#freeSlot(this.hashes[entry]!)] = entry + 1;
  }

  /** One step of a growth. */
  protected moveSome(old: OldIndex): void {
    for (let left = SLOTS_PER_STEP; left > 0; left--) {
      const entry = old.take();
      if (entry >= 0) this.slots[this.#freeSlot(this.hashes[entry]!)] = entry + 1;
    }
    if (old.done) this.old = null;
  }

  /** Takes `entry` out of the index. */
  #unlink(entry: number): void {
    const slot = this.#slotOf(entry);
    if (slot >= 0) this.#freeSlotAt(slot);
    else this.old!.replace(this.hashes[entry]!, entry, -1);
  }

  /** The index's entry `from` is called `to` from now on. */
  #renumber(from: number, to: number): void {
    const slot = this.#slotOf(from);
    if (slot >= 0) this.slots[slot] = to + 1;
    else this.old!.replace(this.hashes[from]!, from, to);
  }

  #freeSlot(hash: number): number {
    const mask = this.slots.length - 1;
    let slot = this.home(hash);
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** −1: the entry is in the old index. */
  #slotOf(entry: number): number {
    const mask = this.slots.length - 1;
    let slot = this.home(this.hashes[entry]!);
    while (this.slots[slot] !== entry + 1) {
      if (this.slots[slot] === 0) return -1;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Frees a slot and moves later ones of its cluster back, so that none becomes unreachable (Knuth 6.4, algorithm R). */
  #freeSlotAt(freed: number): void {
    const mask = this.slots.length - 1;
    let hole = freed;
    for (let slot = (hole + 1) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.home(this.hashes[this.slots[slot]! - 1]!);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.slots[hole] = this.slots[slot]!;
      hole = slot;
    }
    this.slots[hole] = 0;
  }
}
