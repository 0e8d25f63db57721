import { FLAG_UNDECODABLE, type Observation } from "../measure/observation.ts";
import { emptyObservation } from "../measure/observation-reader.ts";
import type { ObservedAt, ViolationBook } from "./examples.ts";
import { type ExpectedTable, NO_TRIGGER } from "./expected-table.ts";

/** One output that was expected, with the expected row it is taken for. The object is reused. */
export interface Match {
  ordinal: number;
  observation: Observation;
  /** Index of the event it is charged to; null = verified, no latency. */
  trigger: number | null;
  lastInput: number;
  expected: number;
  orderHigh: number;
  orderLow: number;
}

/** What became of an observation: `copy` is a duplicate, `other` wrong or unexpected. */
type Found = "matched" | "copy" | "other";

/** Where an observation was made; asked for examples only. */
export type Locate = (observation: Observation, ordinal: number) => ObservedAt;

/**
 * Joins the observations of one partition, given in the order of reading, with its expected rows:
 *
 * - matched: an expected row with this name and content is still open. Equal rows go n-th observed to n-th smallest trigger.
 * - duplicate: all expected rows equal to it were observed already, or the next one is not yet due while an earlier equal
 *   one was observed: then it repeats that one, and a later loss of the other stays visible.
 * - wrong: the name is expected, the content is not. What it should have been is counted as lost as well, when it never
 *   comes: one altered row gives wrong 1 and lost 1.
 * - unexpected: no expected row has its name, or it cannot be decoded.
 * - premature (besides matched): observed before the event that triggers it was due.
 * - lost: an expected row that no observation was taken for, unless it may be missing.
 */
export class Matcher {
  readonly #table: ExpectedTable;
  readonly #book: ViolationBook;
  readonly #dueUs: (eventIndex: number) => number;
  readonly #onMatch: (match: Match) => void;
  readonly #match: Match;
  readonly #locate: Locate;
  /** Wrong rows by name, since the last `finish`; no more names than the table holds. */
  readonly #wrong = new Map<string, number>();
  /** Lost rows in whose place a wrong one came: of the same name, each wrong one taken once. */
  replaced = 0;

  constructor(
    table: ExpectedTable,
    book: ViolationBook,
    dueUs: (eventIndex: number) => number,
    onMatch: (match: Match) => void,
    locate: Locate,
  ) {
    this.#locate = locate;
    this.#table = table;
    this.#book = book;
    this.#dueUs = dueUs;
    this.#onMatch = onMatch;
    this.#match = {
      ordinal: 0,
      observation: emptyObservation(),
      trigger: null,
      lastInput: 0,
      expected: 0,
      orderHigh: 0,
      orderLow: 0,
    };
  }

  /** The next observation; `matched` when an expected row equal to it was still open. */
  observe(o: Observation, ordinal: number): Found {
    if ((o.flags & FLAG_UNDECODABLE) !== 0) return this.#stray("unexpected", o, ordinal);
    const table = this.#table;
    const chain = table.find(o.nameHigh, o.nameLow, o.contentHigh, o.contentLow);
    if (chain < 0) return this.#stray(table.hasName(o.nameHigh, o.nameLow) ? "wrong" : "unexpected", o, ordinal);
    const row = table.pending(chain);
    if (row < 0) return this.#duplicate(chain, o, ordinal);
    const trigger = table.trigger[row]!;
    const early = trigger !== NO_TRIGGER && o.observedUs < this.#dueUs(trigger);
    if (early && row !== chain) return this.#duplicate(chain, o, ordinal);
    table.take(chain);
    if (early) {
      this.#book.add("premature", ordinal, () => ({ ...this.#expected(row), observation: this.#locate(o, ordinal) }));
    }
    const match = this.#match;
    match.ordinal = ordinal;
    match.observation = o;
    match.trigger = trigger === NO_TRIGGER ? null : trigger;
    match.lastInput = table.lastInput[row]!;
    match.expected = table.ordinal[row]!;
    match.orderHigh = table.orderHigh(row);
    match.orderLow = table.orderLow(row);
    this.#onMatch(match);
    return "matched";
  }

  /** After the last observation: books what was never observed. Returns how many rows were allowed to be missing and are. */
  finish(): number {
    const { taken, optional, count } = this.#table;
    let left = 0;
    for (let row = 0; row < count; row++) {
      if (taken[row] === 1) continue;
      if (optional[row] === 1) {
        left++;
        continue;
      }
      this.#book.add("lost", this.#table.ordinal[row]!, () => ({ ...this.#expected(row), observation: null }));
      this.#replace(row);
    }
    this.#wrong.clear();
    return left;
  }

  #replace(row: number): void {
    if (this.#wrong.size === 0) return;
    const name = `${this.#table.nameHigh(row)}:${this.#table.nameLow(row)}`;
    const left = this.#wrong.get(name) ?? 0;
    if (left === 0) return;
    this.#wrong.set(name, left - 1);
    this.replaced++;
  }

  #duplicate(chain: number, o: Observation, ordinal: number): Found {
    this.#book.add("duplicate", ordinal, () => ({ ...this.#expected(chain), observation: this.#locate(o, ordinal) }));
    return "copy";
  }

  #stray(kind: "wrong" | "unexpected", o: Observation, ordinal: number): Found {
    if (kind === "wrong") {
      const name = `${o.nameHigh}:${o.nameLow}`;
      this.#wrong.set(name, (this.#wrong.get(name) ?? 0) + 1);
    }
    this.#book.add(kind, ordinal, () => ({ expected: null, trigger: null, observation: this.#locate(o, ordinal) }));
    return "other";
  }

  #expected(row: number): { readonly expected: number; readonly trigger: number | null } {
    const trigger = this.#table.trigger[row]!;
    return { expected: this.#table.ordinal[row]!, trigger: trigger === NO_TRIGGER ? null : trigger };
  }
}
