import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import { grownFloat64, grownInt32 } from "../../state/growable.ts";

/** No session. */
export const NO_SESSION = -1;
const INITIAL_SESSIONS = 64;
/** Numbers of a session before its accumulators: first and last row's event time, and the time of its timer. */
const HEAD = 3;

/**
 * Open sessions of all keys of an instance, outside the collector's reach: each a tuple of numbers with a number of its own, linked
 * into its key's list, which has no order. A key knows its list's first session.
 */
export class Sessions {
  /** `values[session · width + accumulatorsAt …]`: accumulators. Replaced when it grows. */
  values: Float64Array;
  /** The next session of the same key. */
  links: Int32Array = new Int32Array(INITIAL_SESSIONS);
  readonly width: number;
  readonly accumulatorsAt: number = HEAD;
  #used = 0;
  #free = NO_SESSION;

  constructor(accumulators: number) {
    this.width = HEAD + accumulators;
    this.values = new Float64Array(INITIAL_SESSIONS * this.width);
  }

  /** A session without accumulators' values, to be linked by the caller. */
  add(firstMs: number, lastMs: number, timerMs: number): number {
    let session = this.#free;
    if (session === NO_SESSION) {
      session = this.#used++;
      if (session === this.links.length) this.#grow();
    } else this.#free = this.links[session]!;
    const at = session * this.width;
    this.values[at] = firstMs;
    this.values[at + 1] = lastMs;
    this.values[at + 2] = timerMs;
    return session;
  }

  free(session: number): void {
    this.links[session] = this.#free;
    this.#free = session;
  }

  firstMs(session: number): number {
    return this.values[session * this.width]!;
  }

  lastMs(session: number): number {
    return this.values[session * this.width + 1]!;
  }

  timerMs(session: number): number {
    return this.values[session * this.width + 2]!;
  }

  setTimerMs(session: number, timeMs: number): void {
    this.values[session * this.width + 2] = timeMs;
  }

  /** Widens the session so that it holds [firstMs, lastMs]. */
  cover(session: number, firstMs: number, lastMs: number): void {
    const at = session * this.width;
    this.values[at] = Math.min(this.values[at]!, firstMs);
    this.values[at + 1] = Math.max(this.values[at + 1]!, lastMs);
  }

  /** Writes the list that begins with `first`. */
  write(writer: SnapshotWriter, first: number): void {
    for (let session = first; session !== NO_SESSION; session = this.links[session]!) {
      writer.u8(1);
      writer.f64s(this.values, session * this.width, this.width);
    }
    writer.u8(0);
  }

  /** Reads a list, in the same order; returns its first session. */
  read(reader: SnapshotReader): number {
    let first = NO_SESSION;
    for (let last = NO_SESSION; reader.u8() === 1; ) {
      const session = this.add(0, 0, 0);
      for (let i = 0; i < this.width; i++) this.values[session * this.width + i] = reader.f64();
      this.links[session] = NO_SESSION;
      if (last === NO_SESSION) first = session;
      else this.links[last] = session;
      last = session;
    }
    return first;
  }

  #grow(): void {
    this.links = grownInt32(this.links, this.links.length * 2);
    this.values = grownFloat64(this.values, this.values.length * 2);
  }
}
