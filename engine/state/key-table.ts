import { FaultlineError } from "../../base/errors.ts";
import { hashBytes, hashNumber } from "../../base/hash.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { KeyGroupRange } from "../operators/operator.ts";
import { groupOfHash } from "../rows/key-groups.ts";
import { BytesSegment } from "./bytes-segment.ts";
import type { EntryDetails } from "./entry-details.ts";
import { FrozenGroups } from "./frozen-groups.ts";
import { NumberSegment } from "./number-segment.ts";
import type { Segment } from "./segment.ts";

/**
 * Keyed state of one instance: a segment per key group, made when first needed. Iterate group by group, in each by `segment.sorted()`: the order (key group, key bytes).
 */
abstract class KeyTable<S extends Segment> {
  readonly range: KeyGroupRange;
  readonly #segments: (S | null)[];
  #details: EntryDetails | null = null;

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

  /** Its entries own `details` from now on: they are saved with them. */
  own(details: EntryDetails): void {
    this.#details = details;
  }

  /** Forgets all entries, keeps the memory, but where a snapshot is being written of it. */
  clear(): void {
    for (const [index, segment] of this.#segments.entries()) {
      if (segment !== null && segment.frozen !== null) this.#segments[index] = null;
      else segment?.clear();
    }
  }

  /** Freezes all entries and has them written, by key group, in no order, later. */
  snapshot(writer: SnapshotWriter): void {
    writer.defer(new FrozenGroups(this.range.first, this.#segments, this.#details?.freeze() ?? null));
  }

  /** Adds the entries of those groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.f64(); left > 0; left--) {
      const group = reader.u32();
      const entries = reader.bytes();
      const details = this.#details === null ? null : reader.bytes();
      if (group < this.range.first || group >= this.range.end) continue;
      const segment = this.segmentFor(group);
      const before = segment.count;
      segment.read(new SnapshotReader(entries));
      if (details !== null) this.#readDetails(new SnapshotReader(details), segment, before);
    }
  }

  #readDetails(reader: SnapshotReader, segment: S, before: number): void {
    for (let entry = before; entry < segment.count; entry++) this.#details!.read(reader, segment, entry);
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
