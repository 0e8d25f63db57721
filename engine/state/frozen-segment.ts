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
  readonly #records = new SnapshotWriter();
  readonly #details: FrozenGroupDetails | null;
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
    this.#records.u32(segment.count);
  }

  /** To be called before entry `entry` of the segment changes, is removed or renamed. */
  touch(entry: number): void {
    if (entry >= this.#cursor && entry < this.#count && this.#mark(entry)) this.#save(entry);
    this.older?.touch(entry);
  }

  /** Writes about `budgetBytes`; returns what is left of them, 0 or less when there may be more to write. */
  advance(budgetBytes: number): number {
    let left = budgetBytes;
    for (;;) {
      if (this.#details !== null) left = this.#details.advance(left);
      if (left <= 0 || this.#cursor === this.#count) return left;
      left = this.#pass(left);
    }
  }

  /** Adds the segment's parts, which are complete: its entries, then their details where it has some. */
  appendTo(writer: SnapshotWriter): void {
    writer.append(this.#records);
    if (this.#details !== null) writer.append(this.#details.writer);
  }

  /** Ends the freeze, complete or not. */
  release(): void {
    this.#segment.thaw(this);
  }

  /** Moves the cursor over some places, with details over one, since these may be long; returns what is left of the budget. */
  #pass(budgetBytes: number): number {
    const most = this.#details === null ? this.#count : this.#cursor + 1;
    let left = budgetBytes;
    while (this.#cursor < most && left > 0) {
      const before = this.#records.byteLength;
      if (!this.#isMarked(this.#cursor)) this.#save(this.#cursor);
      this.#cursor += 1;
      left -= PASSED_BYTES + this.#records.byteLength - before;
    }
    return left;
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
