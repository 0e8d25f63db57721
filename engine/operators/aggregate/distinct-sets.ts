import { FaultlineError } from "../../../base/errors.ts";
import { hashBytes } from "../../../base/hash.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { copyBytes, grownBytes } from "../../rows/bytes.ts";
import { KeyCodec } from "../../rows/key.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesKeyTable } from "../../state/key-table.ts";
import type { KeyGroupRange } from "../operator.ts";

/** Aggregates of one field share one set of its values: an entry has a bit for each. */
const MAX_AGGREGATES_PER_FIELD = 31;

interface DistinctAggregate {
  /** Its accumulator. */
  readonly at: number;
  /** Index of its condition; −1: none. */
  readonly where: number;
}

/** A field whose different values are counted, by one or several aggregates with conditions of their own. */
export interface DistinctField {
  /** Place in the list of all such fields. */
  readonly index: number;
  readonly codec: KeyCodec;
  readonly aggregates: readonly DistinctAggregate[];
}

/** The distinct fields of some aggregates, each once. `job-invalid` when too many aggregates count one field. */
export function distinctFields(
  input: RowSchema,
  aggregates: readonly (DistinctAggregate & { readonly field: number })[],
): DistinctField[] {
  const fields = [...new Set(aggregates.map(({ field }) => field))];
  return fields.map((field, index): DistinctField => {
    const { name } = input.fields[field]!;
    const own = aggregates.filter((aggregate) => aggregate.field === field);
    if (own.length > MAX_AGGREGATES_PER_FIELD) {
      throw new FaultlineError("job-invalid", `${own.length} distinct counts of "${name}"`, {
        hint: `at most ${MAX_AGGREGATES_PER_FIELD} share an operator`,
      });
    }
    return { index, codec: new KeyCodec(input, [name]), aggregates: own };
  });
}

/**
 * The different values that each key has of each distinct field, exact: entries (key, field, value), in the key's group, with the bits of
 * the aggregates that have counted the value.
 */
export class DistinctSets {
  /** Values of an entry: the bits, and how many of its bytes are the key. */
  readonly #table: BytesKeyTable;
  #scratch: Uint8Array = new Uint8Array(64);

  constructor(range: KeyGroupRange) {
    this.#table = new BytesKeyTable(range, { width: 2 });
  }

  /** Entries in all groups. */
  get size(): number {
    return this.#table.size;
  }

  /** Adds the row's value to the set of key `key[0, keyLength)`; returns those of the wanted bits that had not counted it. NULL: none. */
  add(
    group: number,
    key: Uint8Array,
    keyLength: number,
    field: DistinctField,
    batch: ColumnBatch,
    row: number,
    wanted: number,
  ): number {
    const { codec, index } = field;
    codec.encode(batch, row);
    if (wanted === 0 || codec.bytes[0] === 0) return 0;
    const length = keyLength + 1 + codec.length;
    this.#scratch = grownBytes(this.#scratch, 0, length);
    copyBytes(this.#scratch, 0, key, 0, keyLength);
    this.#scratch[keyLength] = index;
    copyBytes(this.#scratch, keyLength + 1, codec.bytes, 0, codec.length);
    return this.#mark(group, this.#scratch, 0, length, keyLength, wanted);
  }

  /** Adds the sets of a key group of `other`. `added` gets the key and field of each value with bits that were not set here. */
  unite(
    other: DistinctSets,
    group: number,
    added: (key: Uint8Array, start: number, end: number, field: number, bits: number) => void,
  ): void {
    const segment = other.#table.segment(group);
    if (segment === null) return;
    const { bytes, offsets, lengths } = segment.keys;
    for (let entry = 0; entry < segment.count; entry++) {
      const start = offsets[entry]!;
      const keyLength = segment.values[entry * 2 + 1]!;
      const bits = this.#mark(group, bytes, start, start + lengths[entry]!, keyLength, segment.values[entry * 2]!);
      if (bits !== 0) added(bytes, start, start + keyLength, bytes[start + keyLength]!, bits);
    }
  }

  clear(): void {
    this.#table.clear();
  }

  snapshot(writer: SnapshotWriter): void {
    this.#table.snapshot(writer);
  }

  /** Adds the key groups of a snapshot that this instance owns; call once for each snapshot. */
  restore(reader: SnapshotReader): void {
    this.#table.restore(reader);
  }

  #mark(group: number, bytes: Uint8Array, start: number, end: number, keyLength: number, wanted: number): number {
    const segment = this.#table.segmentFor(group);
    const at = segment.upsert(hashBytes(bytes, start, end), bytes, start, end) * 2;
    const held = segment.values[at]!;
    segment.values[at] = held | wanted;
    segment.values[at + 1] = keyLength;
    return wanted & ~held;
  }
}
