import { FaultlineError } from "../../base/errors.ts";
import { hashBytes, hashNumber } from "../../base/hash.ts";
import { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { KeyGroupRange } from "../operators/operator.ts";
import { groupOfHash } from "../rows/key-groups.ts";
import { BytesSegment } from "./bytes-segment.ts";
import { NumberSegment } from "./number-segment.ts";
import type { Segment } from "./segment.ts";

/**
 * Keyed state of one instance: a segment per key group, made when first needed. Growing touches one segment, so its longest step is
 * bounded by the group's size. Iterate group by group, in each by `segment.sorted()`: the order (key group, key bytes).
 */
abstract class KeyTable<S extends Segment> {
  readonly range: KeyGroupRange;
  readonly #segments: (S | null)[];

  constructor(range: KeyGroupRange) {
    this.range = range;
    this.#segments = new Array<S | null>(range.end - range.first).fill(null);
  }

  protected abstract createSegment(): S;

  /** Entries in all groups. */
  get size(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.count ?? 0), 0);
  }

  /** The group's segment, or null while it has none. */
  segment(group: number): S | null {
    return this.#segments[group - this.range.first] ?? null;
  }

  /** The group's segment; `assertion-failed` when the group belongs to another instance. */
  segmentFor(group: number): S {
    const segment = this.#segments[group - this.range.first];
    if (segment !== null && segment !== undefined) return segment;
    if (segment === undefined) {
      throw new FaultlineError("assertion-failed", `key group ${group} came to the owner of other groups`, {
        context: { ...this.range },
      });
    }
    const created = this.createSegment();
    this.#segments[group - this.range.first] = created;
    return created;
  }

  /** Forgets all entries, keeps the memory. */
  clear(): void {
    for (const segment of this.#segments) segment?.clear();
  }

  /** Writes all entries by key group. */
  snapshot(writer: SnapshotWriter): void {
    const { first } = this.range;
    const used = this.#segments.filter((segment) => segment !== null && segment.count > 0).length;
    writer.u32(used);
    this.#segments.forEach((segment, i) => {
      if (segment === null || segment.count === 0) return;
      const part = new SnapshotWriter();
      segment.write(part);
      writer.u32(first + i);
      writer.bytes(part.finish());
    });
  }

  /** Adds the entries of those groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const group = reader.u32();
      const part = reader.bytes();
      if (group < this.range.first || group >= this.range.end) continue;
      this.segmentFor(group).read(new SnapshotReader(part));
    }
  }
}

/** What every keyed table of an operator has in common: values per entry, and whether there is a byte value. */
export interface TableOptions {
  /** f64 values per entry. */
  readonly width: number;
  readonly byteValues?: boolean;
  /** How many of the values, from the first, are saved in snapshots; all unless given. The others are 0 after a restore. */
  readonly savedWidth?: number;
}

/** State by numeric key. `upsert` and `find` leave the key's segment in `at`: `table.at.values[entry · width …]`. */
export class NumberKeyTable extends KeyTable<NumberSegment> {
  /** Segment of the last key. */
  at: NumberSegment;
  readonly #options: TableOptions;

  constructor(range: KeyGroupRange, options: TableOptions) {
    super(range);
    this.#options = options;
    this.at = this.createSegment();
  }

  protected override createSegment(): NumberSegment {
    const { width, byteValues, savedWidth } = this.#options;
    return new NumberSegment(width, byteValues ?? false, savedWidth);
  }

  /** The key's entry, inserted when it was not there (`at.inserted`). */
  upsert(key: number): number {
    const hash = hashNumber(key);
    this.at = this.segmentFor(groupOfHash(hash, this.range.total));
    return this.at.upsert(hash, key);
  }

  /** The key's entry, or −1. */
  find(key: number): number {
    const hash = hashNumber(key);
    this.at = this.segmentFor(groupOfHash(hash, this.range.total));
    return this.at.find(hash, key);
  }

  /** Removes the key; false when it was not there. */
  remove(key: number): boolean {
    const entry = this.find(key);
    if (entry >= 0) this.at.remove(entry);
    return entry >= 0;
  }
}

/** State by key bytes; otherwise as `NumberKeyTable`. */
export class BytesKeyTable extends KeyTable<BytesSegment> {
  /** Segment of the last key. */
  at: BytesSegment;
  readonly #options: TableOptions;

  constructor(range: KeyGroupRange, options: TableOptions) {
    super(range);
    this.#options = options;
    this.at = this.createSegment();
  }

  protected override createSegment(): BytesSegment {
    const { width, byteValues, savedWidth } = this.#options;
    return new BytesSegment(width, byteValues ?? false, savedWidth);
  }

  upsert(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    this.at = this.segmentFor(groupOfHash(hash, this.range.total));
    return this.at.upsert(hash, bytes, start, end);
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    this.at = this.segmentFor(groupOfHash(hash, this.range.total));
    return this.at.find(hash, bytes, start, end);
  }

  remove(bytes: Uint8Array, start: number, end: number): boolean {
    const entry = this.find(bytes, start, end);
    if (entry >= 0) this.at.remove(entry);
    return entry >= 0;
  }
}
