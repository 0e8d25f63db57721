import { SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { FrozenGroupDetails } from "./entry-details.ts";
import type { Segment } from "./segment.ts";

/** What is charged for looking at an entry that has been written already. */
const PASSED_BYTES = 1;

/**
 * A segment as it was at one moment, while it is written to a snapshot and changes meanwhile. A cursor goes over the entries' places; an
 * entry that is looked up for a change, and that the cursor has not reached, is written first (`touch`), so each entry is written once,
 * as it was. Nothing is copied for the purpose: the price is one bit per place.
 *
 * A place that the cursor has not reached and that is not marked holds what it held at the freeze.
 */
export class FrozenSegment {
  /** Of the same segment, frozen before and not complete either. */
  older: FrozenSegment | null;
  readonly #segment: Segment;
  /** Where entries go: to the snapshot itself while it is the segment's turn, until then to memory. */
  #records = new SnapshotWriter();
  /** Place of the length of the entries in the snapshot; −1: it is not the segment's turn yet. */
  #lengthAt = -1;
  readonly #details: FrozenGroupDetails | null;
  /** What each entry writes; null: it differs. */
  readonly #entryBytes: number | null;
  /** Places in use at the freeze. */
  readonly #count: number;
  /** A bit for each place: written before the cursor came. */
  #saved: Int32Array | null = null;
  #cursor = 0;

  constructor(segment: Segment, details: FrozenGroupDetails | null) {
    this.older = segment.frozen;
    this.#segment = segment;
    this.#details = details;
    this.#count = segment.count;
    this.#entryBytes = segment.entryBytes;
  }

  /** It is the segment's turn. */
  get isOpen(): boolean {
    return this.#lengthAt >= 0;
  }

  /** It is the segment's turn: its part of the snapshot stands here. */
  open(writer: SnapshotWriter): void {
    const early = this.#records;
    this.#lengthAt = writer.beginLength();
    writer.f64(this.#count);
    writer.copyOf(early);
    this.#records = writer;
  }

  /** Everything is written: ends the segment's part, its entries, with the details of them where it has some. */
  close(): void {
    this.#records.endLength(this.#lengthAt);
    if (this.#details !== null) this.#records.append(this.#details.writer);
  }

  /** To be called before entry `entry` of the segment changes, is removed or renamed. */
  touch(entry: number): void {
    if (entry >= this.#cursor && entry < this.#count && this.#mark(entry)) this.#save(entry);
    this.older?.touch(entry);
  }

  /** In the segment's turn: writes about `budgetBytes`; returns what is left of them, 0 or less when there may be more to write. */
  advance(budgetBytes: number): number {
    let left = budgetBytes;
    for (;;) {
      if (this.#details !== null) left = this.#details.advance(left);
      if (left <= 0 || this.#cursor === this.#count) return left;
      left = this.#pass(left);
    }
  }

  /** Ends the freeze, complete or not. */
  release(): void {
    this.#segment.thaw(this);
  }

  /** Moves the cursor over some places, over one where an entry may be long; returns what is left of the budget. */
  #pass(budgetBytes: number): number {
    const isLong = this.#details !== null || this.#entryBytes === null;
    const most = isLong ? 1 : Math.ceil(budgetBytes / (PASSED_BYTES + this.#entryBytes!));
    const end = Math.min(this.#count, this.#cursor + most);
    const before = this.#records.byteLength;
    const from = this.#cursor;
    for (; this.#cursor < end; this.#cursor++) if (!this.#isMarked(this.#cursor)) this.#save(this.#cursor);
    return budgetBytes - (this.#records.byteLength - before) - PASSED_BYTES * (end - from);
  }

  #save(entry: number): void {
    this.#segment.writeEntry(entry, this.#records);
    this.#details?.save(this.#segment, entry);
  }

  #isMarked(entry: number): boolean {
    return this.#saved !== null && (this.#saved[entry >>> 5]! & (1 << (entry & 31))) !== 0;
  }

  /** Marks a place; false when it was marked. */
  #mark(entry: number): boolean {
    this.#saved ??= new Int32Array((this.#count + 31) >>> 5);
    const word = this.#saved[entry >>> 5]!;
    const bit = 1 << (entry & 31);
    this.#saved[entry >>> 5] = word | bit;
    return (word & bit) === 0;
  }
}
