import { assert } from "../../base/assert.ts";
import { Fifo } from "../merge/fifo.ts";
import type { LogRecords } from "../ports.ts";
import { KeptRecords } from "./kept-records.ts";

/** One partition of a replicated source: what was read of it and is not in a slice yet, by offset. */
export class PartitionQueue {
  readonly partition: number;
  readonly #queue = new Fifo<KeptRecords>();
  /** What is left of the oldest records after a cut went through them. */
  #rest: KeptRecords | null = null;
  #bytes = 0;
  /** Offset of the next record to read. */
  read: number;
  /** Offset before which everything has been taken. */
  taken: number;
  /** The end of the source, once known. */
  target: number | null = null;
  /** Largest event time taken. */
  latestMs = Number.NEGATIVE_INFINITY;
  /** Slices in a row that had no record. */
  quietSlices = 0;

  constructor(partition: number, offset: number) {
    this.partition = partition;
    this.read = offset;
    this.taken = offset;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(records: LogRecords): void {
    assert(records.baseOffset >= this.read, "records come again", { read: this.read, baseOffset: records.baseOffset });
    const kept = KeptRecords.copyOf(records);
    this.#queue.push(kept);
    this.#bytes += kept.byteLength;
    this.read = records.nextOffset;
  }

  /** There is nothing to read before `offset`. */
  skipTo(offset: number): void {
    this.read = Math.max(this.read, offset);
  }

  /** Takes the next records below `end`; null when there are none, now or at all (then `taken` is `end`). */
  take(end: number): LogRecords | null {
    const next = this.#rest ?? this.#queue.peek();
    if (next === undefined || next.baseOffset >= end) {
      if (this.read >= end) this.taken = Math.max(this.taken, end);
      return null;
    }
    if (next.nextOffset <= end) {
      this.#drop(next);
      this.taken = next.nextOffset;
      return next;
    }
    const [before, after] = next.cutAt(end);
    this.#rest = after;
    this.taken = end;
    return before;
  }

  #drop(records: KeptRecords): void {
    this.#rest = null;
    this.#queue.shift();
    this.#bytes -= records.byteLength;
  }
}
