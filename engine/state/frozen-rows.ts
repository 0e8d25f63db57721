import type { DeferredPart, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { RowHeap } from "./row-heap.ts";

/** Some rows of a heap as they are now, each length-prefixed, to be written later. */
export class FrozenRows implements DeferredPart {
  readonly #heap: RowHeap;
  readonly #rows: Int32Array;
  #next = 0;

  /** `rows`: their numbers. */
  constructor(heap: RowHeap, rows: Int32Array) {
    this.#heap = heap;
    this.#rows = rows;
    heap.hold();
  }

  write(writer: SnapshotWriter, budgetBytes: number): boolean {
    const limit = writer.byteLength + budgetBytes;
    while (this.#next < this.#rows.length && writer.byteLength < limit) {
      writer.bytes(this.#heap.bytesOf(this.#rows[this.#next]!));
      this.#next += 1;
    }
    return this.#next === this.#rows.length;
  }

  release(): void {
    this.#heap.letGo();
  }
}
