import { SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { FrozenGroupDetails } from "./entry-details.ts";
import { grownFloat64 } from "./growable.ts";
import type { RowHeap } from "./row-heap.ts";
import { VALUES_PER_LIST } from "./row-lists.ts";
import type { Segment } from "./segment.ts";

const INITIAL_HEADS = 16;

/**
 * The row lists of a key group's entries as they were when saved, written in steps: per entry and list the rows, each length-prefixed,
 * then an empty one. A list only grows at its end, and its heap is held, so its first and last row say what it was.
 */
export class FrozenLists implements FrozenGroupDetails {
  readonly writer: SnapshotWriter = new SnapshotWriter();
  readonly #heaps: readonly RowHeap[];
  readonly #base: number;
  /** First and last row, each + 1, of lists to be written: of all of an entry, in order. `[#next, #end)` is waiting. */
  #heads: Float64Array = new Float64Array(INITIAL_HEADS * VALUES_PER_LIST);
  #next = 0;
  #end = 0;
  /** The list that is being written: which of its entry's, and its next row + 1; 0: not begun; −1: all rows are written. */
  #list = 0;
  #row = 0;

  constructor(heaps: readonly RowHeap[], base: number) {
    this.#heaps = heaps;
    this.#base = base;
  }

  save(segment: Segment, entry: number): void {
    const count = this.#heaps.length * VALUES_PER_LIST;
    if (this.#end + count > this.#heads.length) {
      this.#heads = grownFloat64(this.#heads, Math.max(2 * this.#heads.length, this.#end + count));
    }
    const from = entry * segment.width + this.#base;
    for (let i = 0; i < count; i++) this.#heads[this.#end + i] = segment.values[from + i]!;
    this.#end += count;
  }

  advance(budgetBytes: number): number {
    let left = budgetBytes;
    while (this.#next < this.#end && left > 0) {
      const before = this.writer.byteLength;
      this.#step();
      left -= this.writer.byteLength - before;
    }
    if (this.#next === this.#end) {
      this.#next = 0;
      this.#end = 0;
    }
    return left;
  }

  /** Writes one row, or the end of a list. */
  #step(): void {
    const first = this.#heads[this.#next]!;
    const last = this.#heads[this.#next + 1]!;
    if (first === 0 || this.#row < 0) {
      this.#endList();
      return;
    }
    const heap = this.#heaps[this.#list]!;
    const row = this.#row === 0 ? first : this.#row;
    this.writer.bytes(heap.bytesOf(row - 1));
    this.#row = row === last ? -1 : heap.links[row - 1]! + 1;
  }

  #endList(): void {
    this.writer.u32(0);
    this.#row = 0;
    this.#list = (this.#list + 1) % this.#heaps.length;
    this.#next += VALUES_PER_LIST;
  }
}
