import { emptyObservation } from "../measure/observation-reader.ts";
import { NO_TRIGGER } from "./expected-table.ts";
import type { Match } from "./match.ts";
import { PartitionedRecords } from "./partitioned-records.ts";

/** u32 each: place in the slice, order high, order low, trigger (`NO_TRIGGER`: none), last input, expected. */
const MATCH_BYTES = 24;
/** Added to the place of an observation that is a copy, of which nothing else is kept. */
const COPY_BIT = 0x80000000;

const MATCHED = 1;
const COPY = 2;

/**
 * Brings matches that were found bucket by bucket back into the order of observation without sorting: ordinals are dense, so the matches
 * are spread on disk over slices of equally many ordinals, and a slice is then laid out in arrays with one place an ordinal.
 * Memory: 21 bytes an ordinal of one slice, and the write buffers.
 */
export class MatchSlices {
  readonly #records: PartitionedRecords;
  readonly #rows: number;
  /** Slice that the arrays hold; −1 before the first. */
  #slice = -1;
  /** `MATCHED`, `COPY`, or 0 for what is neither. */
  readonly #found: Uint8Array;
  readonly #orderHigh: Uint32Array;
  readonly #orderLow: Uint32Array;
  readonly #trigger: Uint32Array;
  readonly #lastInput: Uint32Array;
  readonly #expected: Uint32Array;
  readonly #match: Match;

  /** `ordinals`: how many observations there are, over all `slices`. */
  constructor(ordinals: number, slices: number, directory: string) {
    const rows = Math.max(1, Math.ceil(ordinals / slices));
    this.#rows = rows;
    this.#records = new PartitionedRecords({ recordBytes: MATCH_BYTES, partitions: slices, directory, name: "match" });
    this.#found = new Uint8Array(rows);
    this.#orderHigh = new Uint32Array(rows);
    this.#orderLow = new Uint32Array(rows);
    this.#trigger = new Uint32Array(rows);
    this.#lastInput = new Uint32Array(rows);
    this.#expected = new Uint32Array(rows);
    const nothing = { ordinal: 0, trigger: null, lastInput: 0, expected: 0, orderHigh: 0, orderLow: 0 };
    this.#match = { ...nothing, observation: emptyObservation() };
  }

  /** Matches in any order. */
  append(match: Match): void {
    const slice = Math.floor(match.ordinal / this.#rows);
    const at = this.#records.append(slice);
    const view = this.#records.view;
    view.setUint32(at, match.ordinal - slice * this.#rows, true);
    view.setUint32(at + 4, match.orderHigh, true);
    view.setUint32(at + 8, match.orderLow, true);
    view.setUint32(at + 12, match.trigger ?? NO_TRIGGER, true);
    view.setUint32(at + 16, match.lastInput, true);
    view.setUint32(at + 20, match.expected, true);
  }

  /** An observation that repeats a matched one. */
  appendCopy(ordinal: number): void {
    const slice = Math.floor(ordinal / this.#rows);
    const at = this.#records.append(slice);
    this.#records.view.setUint32(at, COPY_BIT + ordinal - slice * this.#rows, true);
  }

  /** Ends appending. */
  closeFiles(): void {
    this.#records.closeFiles();
  }

  /**
   * The match of an observation, without the observation itself; null when it matched nothing. Ask by ascending ordinals, after the last
   * `append`: slices that were passed are gone. The object is reused.
   */
  at(ordinal: number): Match | null {
    const slice = Math.floor(ordinal / this.#rows);
    if (slice !== this.#slice) this.#load(slice);
    const place = ordinal - slice * this.#rows;
    if (this.#found[place] !== MATCHED) return null;
    const trigger = this.#trigger[place]!;
    const match = this.#match;
    match.ordinal = ordinal;
    match.trigger = trigger === NO_TRIGGER ? null : trigger;
    match.lastInput = this.#lastInput[place]!;
    match.expected = this.#expected[place]!;
    match.orderHigh = this.#orderHigh[place]!;
    match.orderLow = this.#orderLow[place]!;
    return match;
  }

  /** Whether the observation that `at` was asked for last, or one of its slice, is a copy. */
  isCopy(ordinal: number): boolean {
    return this.#found[ordinal - this.#slice * this.#rows] === COPY;
  }

  /** Removes the files. */
  dispose(): void {
    this.#records.dispose();
  }

  #load(slice: number): void {
    this.#slice = slice;
    this.#found.fill(0);
    this.#records.forEach(slice, (view, at) => {
      const tagged = view.getUint32(at, true);
      const place = tagged % COPY_BIT;
      this.#found[place] = tagged < COPY_BIT ? MATCHED : COPY;
      this.#orderHigh[place] = view.getUint32(at + 4, true);
      this.#orderLow[place] = view.getUint32(at + 8, true);
      this.#trigger[place] = view.getUint32(at + 12, true);
      this.#lastInput[place] = view.getUint32(at + 16, true);
      this.#expected[place] = view.getUint32(at + 20, true);
    });
    this.#records.release(slice);
  }
}
