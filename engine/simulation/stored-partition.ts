import { assert, present } from "../../base/assert.ts";
import type { RecordValues } from "../connectors/source-supplier.ts";
import { Fifo } from "../merge/fifo.ts";
import type { Isolation } from "../ports.ts";

/** How a transaction of a simulated log stands; shared by all its records. */
export interface TransactionFate {
  state: "open" | "committed" | "aborted";
}

interface Entry {
  /** null: the marker at the end of a transaction. */
  readonly value: Uint8Array | null;
  readonly fate: TransactionFate | null;
}

/** Values from an offset on, or where the next ones begin at the earliest. */
export type PartitionRead =
  | { readonly values: RecordValues; readonly skippedTo: null }
  | { readonly values: null; readonly skippedTo: number };

/**
 * One partition of a topic in memory: records and the markers of transactions, each with an offset. Readers of what is committed see
 * it up to the first record of the oldest open transaction, without the records of aborted ones.
 */
export class StoredPartition {
  readonly #entries = new Fifo<Entry>();
  /** Open transactions with their first records here, in that order. */
  readonly #open = new Map<TransactionFate, number>();
  readonly #waiting = new Set<() => void>();
  readonly #onVisible: ((value: Uint8Array) => void) | null;
  /** Offset of the oldest entry that is kept. */
  #from = 0;

  /** With `onVisible`, records are handed on as soon as readers of what is committed may see them, and not kept. */
  constructor(onVisible: ((value: Uint8Array) => void) | null) {
    this.#onVisible = onVisible;
  }

  /** Offset of the next record; for `committed`, of the first that is not yet decided. */
  endOffset(isolation: Isolation): number {
    const end = this.#from + this.#entries.length;
    if (isolation === "uncommitted") return end;
    for (const first of this.#open.values()) return first;
    return end;
  }

  /** Offset of the oldest entry that is kept. */
  get beginOffset(): number {
    return this.#from;
  }

  /** Deletes what lies before `offset`, all of which is decided. */
  truncate(offset: number): void {
    assert(offset <= this.endOffset("committed"), "nothing is deleted that readers have not been able to see", {
      offset,
    });
    for (; this.#from < offset; this.#from++) this.#entries.shift();
  }

  /** Copies `value`; returns the record's offset. */
  append(value: Uint8Array, fate: TransactionFate | null): number {
    const offset = this.endOffset("uncommitted");
    if (fate !== null && !this.#open.has(fate)) this.#open.set(fate, offset);
    if (fate === null && this.#entries.length === 0 && this.#onVisible !== null) {
      this.#from++;
      this.#onVisible(value);
    } else this.#add({ value: value.slice(), fate });
    return offset;
  }

  /** The marker of a transaction that is decided and has records here. */
  mark(fate: TransactionFate): void {
    assert(fate.state !== "open" && this.#open.delete(fate), "a marker ends an open transaction");
    this.#add({ value: null, fate });
  }

  /** All values that a reader may see. */
  visible(isolation: Isolation): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    for (let offset = this.#from; offset < this.endOffset(isolation); offset++) {
      const value = this.#valueAt(offset, isolation);
      if (value !== null) values.push(value);
    }
    return values;
  }

  /** Up to `maxRecords` values without a gap between them from `offset` on, which lies before the end offset. */
  read(offset: number, maxRecords: number, isolation: Isolation): PartitionRead {
    assert(offset >= this.#from, "records that were handed on cannot be read", { offset, from: this.#from });
    const end = this.endOffset(isolation);
    let at = offset;
    while (at < end && this.#valueAt(at, isolation) === null) at++;
    if (at > offset) return { values: null, skippedTo: at };
    const values: Uint8Array[] = [];
    for (; at < end && values.length < maxRecords; at++) {
      const value = this.#valueAt(at, isolation);
      if (value === null) break;
      values.push(value);
    }
    return { values: joined(values), skippedTo: null };
  }

  /** Calls back once, when something is appended. */
  onAppend(wake: () => void): void {
    this.#waiting.add(wake);
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#onVisible !== null) this.#handOn(this.#onVisible);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #handOn(onVisible: (value: Uint8Array) => void): void {
    for (const end = this.endOffset("committed"); this.#from < end; ) {
      const value = this.#valueAt(this.#from, "committed");
      this.#entries.shift();
      this.#from++;
      if (value !== null) onVisible(value);
    }
  }

  #valueAt(offset: number, isolation: Isolation): Uint8Array | null {
    const { value, fate } = present(this.#entries.at(offset - this.#from), "entry of a log");
    return isolation === "committed" && fate !== null && fate.state !== "committed" ? null : value;
  }
}

function joined(values: readonly Uint8Array[]): RecordValues {
  const offsets = new Int32Array(values.length + 1);
  values.forEach((value, index) => {
    offsets[index + 1] = offsets[index]! + value.length;
  });
  const bytes = new Uint8Array(present(offsets.at(-1), "end of the values"));
  values.forEach((value, index) => {
    bytes.set(value, offsets[index]!);
  });
  return { bytes, count: values.length, offsets };
}
