import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";

const FIRST_CAPACITY = 16;

/**
 * A queue of runs (channel, count): the next `count` element numbers of `channel`. What is pushed behind a run of the same channel joins it.
 * Two integers a run in a ring; memory in proportion to the most that was in it.
 */
export class RunQueue {
  #ring = new Int32Array(2 * FIRST_CAPACITY);
  #head = 0;
  #length = 0;

  /** Runs in the queue. */
  get length(): number {
    return this.#length;
  }

  /** Channel of the oldest run; -1: there is none. */
  get channel(): number {
    return this.#length === 0 ? -1 : this.#ring[2 * this.#head]!;
  }

  /** What is left of the oldest run; 0: there is none. */
  get count(): number {
    return this.#length === 0 ? 0 : this.#ring[2 * this.#head + 1]!;
  }

  push(channel: number, count: number): void {
    assert(count > 0, "a run of nothing", { channel, count });
    if (this.#length > 0) {
      const last = 2 * this.#slot(this.#length - 1);
      const joined = this.#ring[last + 1]! + count;
      if (this.#ring[last] === channel && joined <= 0x7fffffff) {
        this.#ring[last + 1] = joined;
        return;
      }
    }
    if (2 * this.#length === this.#ring.length) this.#grow();
    const at = 2 * this.#slot(this.#length++);
    this.#ring[at] = channel;
    this.#ring[at + 1] = count;
  }

  /** Takes `count` from the oldest run, which must have them. */
  take(count: number): void {
    const at = 2 * this.#head;
    assert(this.#length > 0 && this.#ring[at + 1]! >= count, "more than the run has", { count });
    this.#ring[at + 1]! -= count;
    if (this.#ring[at + 1] !== 0) return;
    this.#head = this.#slot(1);
    this.#length--;
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
  }

  /** All runs, oldest first, as channel, count, channel, count … */
  toArray(): number[] {
    const runs: number[] = [];
    for (let index = 0; index < this.#length; index++) {
      const at = 2 * this.#slot(index);
      runs.push(this.#ring[at]!, this.#ring[at + 1]!);
    }
    return runs;
  }

  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#length);
    for (const value of this.toArray()) writer.u32(value);
  }

  /** Appends what `snapshot` wrote. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const channel = reader.u32();
      this.push(channel, reader.u32());
    }
  }

  #slot(index: number): number {
    const slot = this.#head + index;
    const capacity = this.#ring.length / 2;
    return slot < capacity ? slot : slot - capacity;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#ring.length);
    grown.set(this.toArray());
    this.#ring = grown;
    this.#head = 0;
  }
}
