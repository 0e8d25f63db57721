import { assert } from "../../base/assert.ts";
import { hashNumber } from "../../base/hash.ts";
import { FLAG_UNDECODABLE, type Observation } from "../measure/observation.ts";
import type { ObservedAt, ViolationBook } from "./examples.ts";
import { EXPECTED_BYTES } from "./expected.ts";
import type { PartitionedRecords } from "./partitioned-records.ts";

const EMPTY = -1;

/**
 * The last row of each key on both sides, for upsert queries whose updates cannot be followed. The key is the row's name. About 100
 * bytes a key, in typed arrays.
 *
 * - matched: the last row observed equals the last one expected.
 * - wrong: it differs. Counted once, not as lost as well: the key did come.
 * - lost: the key was never observed.
 * - unexpected: a row of a key that is never expected, or that cannot be decoded; each such row counts.
 *
 * The last row is that of the highest offset; of rows in several output partitions the one that was appended last.
 */
export class FinalTable {
  keys = 0;
  readonly #book: ViolationBook;
  readonly #slots: Int32Array;
  readonly #hashes: Uint32Array; // name high, name low, expected content high, low, observed content high, low
  readonly #expected: Float64Array; // ordinal of the final expected row
  readonly #seen: Float64Array; // ordinal, offset, time and append time of the last observation; ordinal −1 before it
  readonly #partition: Uint16Array;

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
    if (!this.#isLater(key, o)) return true;
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
      const at = this.#last(key);
      if (at === null) {
        this.#book.add("lost", expected, () => ({ expected, trigger: null, observation: null }));
      } else if (this.#isEqual(key)) matched++;
      else {
        this.#book.add("wrong", at.ordinal, () => ({ expected, trigger: null, observation: at }));
        onWrong(at);
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
    const ordinal = view.getFloat64(at + EXPECTED_BYTES - 8, true);
    assert(ordinal >= 0, "a row that may be missing is no final row");
    this.#expected[key] = ordinal;
  }

  #isLater(key: number, o: Observation): boolean {
    const before = key * 4;
    if (this.#seen[before]! < 0) return true;
    if (this.#partition[key] === o.partition) return o.offset >= this.#seen[before + 1]!;
    return o.appendMs >= this.#seen[before + 3]!;
  }

  #isEqual(key: number): boolean {
    const h = key * 6;
    return this.#hashes[h + 2] === this.#hashes[h + 4] && this.#hashes[h + 3] === this.#hashes[h + 5];
  }

  #last(key: number): ObservedAt | null {
    const at = key * 4;
    if (this.#seen[at]! < 0) return null;
    const [ordinal, offset, observedUs] = [this.#seen[at]!, this.#seen[at + 1]!, this.#seen[at + 2]!];
    return { ordinal, partition: this.#partition[key]!, offset, observedUs };
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
