import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { KeyGroupRange } from "../operators/operator.ts";
import { copyBytes, grownBytes } from "../rows/bytes.ts";
import { FrozenGroups } from "./frozen-groups.ts";
import { TimerGroup, writeTimerTime } from "./timer-group.ts";

/** Called for a timer that fires; the key bytes `bytes[start, end)` are valid only during the call, which may set and cancel timers. */
type TimerCallback = (timeMs: number, group: number, bytes: Uint8Array, start: number, end: number) => void;

/** Event-time timers of one instance, by (time, key). Setting one twice is setting it once. */
export class Timers {
  readonly #range: KeyGroupRange;
  readonly #groups: (TimerGroup | null)[];
  /** Time of each group's next timer, +Infinity for none. */
  readonly #nextMs: Float64Array;
  #scratch: Uint8Array = new Uint8Array(64);
  /** The scratch while a callback holds the first one. */
  #spare: Uint8Array = new Uint8Array(64);

  constructor(range: KeyGroupRange) {
    this.#range = range;
    this.#groups = new Array<TimerGroup | null>(range.end - range.first).fill(null);
    this.#nextMs = new Float64Array(range.end - range.first).fill(Number.POSITIVE_INFINITY);
  }

  /** Time of the timer that is due next; +Infinity when there is none. */
  get nextMs(): number {
    return this.#nextMs[this.#earliest()]!;
  }

  get size(): number {
    return this.#groups.reduce((sum, group) => sum + (group?.count ?? 0), 0);
  }

  /** Sets a timer of key `bytes[start, end)` (of key group `group`) at event time `timeMs`, an integer. */
  set(timeMs: number, group: number, bytes: Uint8Array, start: number, end: number): void {
    if (!Number.isSafeInteger(timeMs))
      throw new FaultlineError("assertion-failed", `timer at ${timeMs}: not an integer`);
    const index = group - this.#range.first;
    const timers = this.#groupAt(index);
    const length = this.#timer(timeMs, bytes, start, end);
    timers.add(this.#scratch, length);
    this.#nextMs[index] = timers.nextMs;
  }

  /** Cancels a timer; false when it was not set. */
  cancel(timeMs: number, group: number, bytes: Uint8Array, start: number, end: number): boolean {
    const index = group - this.#range.first;
    const timers = this.#groups[index];
    if (timers === null || timers === undefined) return false;
    const length = this.#timer(timeMs, bytes, start, end);
    const found = timers.cancel(this.#scratch, length);
    this.#nextMs[index] = timers.nextMs;
    return found;
  }

  /**
   * Fires all timers with time ≤ `watermarkMs` in the order (time, key group, key bytes), each removed before its call. Timers that a
   * call sets and that are due fire in this run too, after those of smaller place in the order that are still there.
   */
  fire(watermarkMs: number, callback: TimerCallback): void {
    for (;;) {
      const index = this.#earliest();
      const timeMs = this.#nextMs[index]!;
      if (timeMs > watermarkMs || timeMs === Number.POSITIVE_INFINITY) return;
      const timers = this.#groups[index]!;
      if (timers.nextBytes > this.#scratch.length) this.#scratch = new Uint8Array(timers.nextBytes * 2);
      const length = timers.pop(this.#scratch);
      this.#nextMs[index] = timers.nextMs;
      const fired = this.#scratch;
      this.#scratch = this.#spare; // the callback may set timers, which uses the scratch
      callback(timeMs, this.#range.first + index, fired, 8, length);
      this.#spare = this.#scratch;
      this.#scratch = fired;
    }
  }

  /** Freezes all timers and has them written, by key group, in no order, later. */
  snapshot(writer: SnapshotWriter): void {
    const segments = this.#groups.map((group) => group?.segment ?? null);
    writer.defer(new FrozenGroups(this.#range.first, segments, null));
  }

  /** Adds the timers of those groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.f64(); left > 0; left--) {
      const group = reader.u32();
      const part = reader.bytes();
      if (group < this.#range.first || group >= this.#range.end) continue;
      const index = group - this.#range.first;
      const timers = this.#groupAt(index);
      timers.read(new SnapshotReader(part));
      this.#nextMs[index] = timers.nextMs;
    }
  }

  #groupAt(index: number): TimerGroup {
    const existing = this.#groups[index];
    assert(existing !== undefined, "timer of a key group that belongs to another instance");
    const group = existing ?? new TimerGroup();
    this.#groups[index] = group;
    return group;
  }

  /** Makes (time, key) in the scratch; returns its length. */
  #timer(timeMs: number, bytes: Uint8Array, start: number, end: number): number {
    const length = 8 + end - start;
    this.#scratch = grownBytes(this.#scratch, 0, length);
    copyBytes(this.#scratch, writeTimerTime(this.#scratch, timeMs), bytes, start, end - start);
    return length;
  }

  /** Index of the group whose next timer is due first; the lowest of equals. */
  #earliest(): number {
    let earliest = 0;
    for (let index = 1; index < this.#nextMs.length; index++) {
      if (this.#nextMs[index]! < this.#nextMs[earliest]!) earliest = index;
    }
    return earliest;
  }
}
