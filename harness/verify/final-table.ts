import { assert } from "../../base/assert.ts";
import { hashNumber } from "../../base/hash.ts";
import { FLAG_UNDECODABLE, type Observation } from "../measure/observation.ts";
import type { ObservedAt, ViolationBook } from "./examples.ts";
import { EXPECTED_ORDINAL_AT } from "./expected.ts";
import type { PartitionedRecords } from "./partitioned-records.ts";

const EMPTY = -1;

interface LastRow {
  readonly at: ObservedAt;
  readonly appendMs: number;
  readonly contentHigh: number;
  readonly contentLow: number;
}

/**
 * The last row of each key on both sides, for upsert queries whose updates cannot be followed. The key is the row's name. About 100
 * bytes a key, in typed arrays.
 *
 * - matched: the last row observed equals the last one expected.
 * - wrong: it differs. Counted once, not as lost as well: the key did come.
 * - lost: the key was never observed.
 * - unexpected: a row of a key that is never expected, or that cannot be decoded; each such row counts.
 *
 * The last row is that of the highest offset, whatever triggered it. Where a key has rows in several output partitions, the last rows of
 * each are compared by their append time; of those appended in the same ms none is the last, so all of them must be right. What comes
 * of it does not depend on the order in which the partitions were read.
 */
export class FinalTable {
  keys = 0;
  readonly #book: ViolationBook;
  readonly #slots: Int32Array;
  readonly #hashes: Uint32Array; // name high, name low, expected content high, low, observed content high, low
  readonly #expected: Float64Array; // ordinal of the final expected row
  readonly #seen: Float64Array; // ordinal, offset, time and append time of the last observation; ordinal −1 before it
  readonly #partition: Uint16Array;
  /** Last rows in further output partitions, of keys that have any. */
  readonly #rivals = new Map<number, LastRow[]>();

  constructor(records: PartitionedRecords, bucket: number, book: ViolationBook) {
    this.#book = book;
    const most = records.count(bucket);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(4, most * 2)))).fill(EMPTY);
    this.#hashes = new Uint32Array(most * 6);
    this.#expected = new Float64Array(most);
    this.#seen = new Float64Array(most * 4).fill(-1);
    this.#partition = new Uint16Array(most);
    records.forEach(bucket, (view, at) => this.#expect(view, at));
  }

  /** The next observation in the order of reading; false when its key is never expected. */
  observe(o: Observation, ordinal: number): boolean {
    const isRow = (o.flags & FLAG_UNDECODABLE) === 0;
    const key = isRow ? this.#slots[this.#slot(o.nameHigh, o.nameLow)]! : EMPTY;
    if (key === EMPTY) {
      const observation = { ordinal, partition: o.partition, offset: o.offset, observedUs: o.observedUs };
      this.#book.add("unexpected", ordinal, () => ({ expected: null, trigger: null, observation }));
      return false;
    }
    const isFirst = this.#seen[key * 4]! < 0;
    if (!isFirst && this.#partition[key] !== o.partition) {
      this.#rival(key, o, ordinal);
      return true;
    }
    if (!isFirst && o.offset < this.#seen[key * 4 + 1]!) return true;
    this.#hashes[key * 6 + 4] = o.contentHigh;
    this.#hashes[key * 6 + 5] = o.contentLow;
    this.#seen.set([ordinal, o.offset, o.observedUs, o.appendMs], key * 4);
    this.#partition[key] = o.partition;
    return true;
  }

  /** After the last observation: books what is lost or wrong; the number of keys that are right. */
  finish(onWrong: (at: ObservedAt) => void): number {
    let matched = 0;
    for (let key = 0; key < this.keys; key++) {
      const expected = this.#expected[key]!;
      const last = this.#lastRows(key);
      const bad = last.find((row) => !this.#isRight(key, row));
      if (last.length === 0) {
        this.#book.add("lost", expected, () => ({ expected, trigger: null, observation: null }));
      } else if (bad === undefined) matched++;
      else {
        this.#book.add("wrong", bad.at.ordinal, () => ({ expected, trigger: null, observation: bad.at }));
        onWrong(bad.at);
      }
    }
    return matched;
  }

  #expect(view: DataView, at: number): void {
    const [high, low] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const slot = this.#slot(high, low);
    if (this.#slots[slot] === EMPTY) {
      this.#slots[slot] = this.keys;
      this.#hashes[this.keys * 6] = high;
      this.#hashes[this.keys * 6 + 1] = low;
      this.keys++;
    }
    const key = this.#slots[slot]!;
    this.#hashes[key * 6 + 2] = view.getUint32(at + 8, true);
    this.#hashes[key * 6 + 3] = view.getUint32(at + 12, true);
    const ordinal = view.getInt32(at + EXPECTED_ORDINAL_AT, true);
    assert(ordinal >= 0, "a row that may be missing is no final row");
    this.#expected[key] = ordinal;
  }

  #rival(key: number, o: Observation, ordinal: number): void {
    const rivals = this.#rivals.get(key) ?? [];
    this.#rivals.set(key, rivals);
    const { partition, offset, observedUs, appendMs, contentHigh, contentLow } = o;
    const row = { at: { ordinal, partition, offset, observedUs }, appendMs, contentHigh, contentLow };
    const own = rivals.findIndex(({ at }) => at.partition === partition);
    if (own < 0) rivals.push(row);
    else if (offset >= rivals[own]!.at.offset) rivals[own] = row;
  }

  #isRight(key: number, row: LastRow): boolean {
    return this.#hashes[key * 6 + 2] === row.contentHigh && this.#hashes[key * 6 + 3] === row.contentLow;
  }

  /** The last row observed of the key: none, or several where nothing tells which is the last, by output partition. */
  #lastRows(key: number): LastRow[] {
    const s = key * 4;
    if (this.#seen[s]! < 0) return [];
    const [ordinal, offset, observedUs] = [this.#seen[s]!, this.#seen[s + 1]!, this.#seen[s + 2]!];
    const held: LastRow = {
      at: { ordinal, partition: this.#partition[key]!, offset, observedUs },
      appendMs: this.#seen[s + 3]!,
      contentHigh: this.#hashes[key * 6 + 4]!,
      contentLow: this.#hashes[key * 6 + 5]!,
    };
    const rivals = this.#rivals.get(key);
    if (rivals === undefined) return [held];
    const rows = [held, ...rivals];
    const latestMs = Math.max(...rows.map(({ appendMs }) => appendMs));
    return rows.filter(({ appendMs }) => appendMs === latestMs).sort((a, b) => a.at.partition - b.at.partition);
  }

  /** The slot that holds the key, or the empty one where it belongs. */
  #slot(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashNumber(high ^ Math.imul(low, 0x9e3779b1)) & mask;
    for (let key = this.#slots[slot]!; key !== EMPTY; key = this.#slots[slot]!) {
      if (this.#hashes[key * 6] === high && this.#hashes[key * 6 + 1] === low) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
