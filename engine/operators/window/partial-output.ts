import type { KeyCodec } from "../../rows/key.ts";
import { groupOfHash } from "../../rows/key-groups.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { Segment } from "../../state/segment.ts";
import type { Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import { writeKeyOf } from "./segment-keys.ts";

/**
 * Writes partial aggregates as rows of `partialSchema`, by key group: who receives them has a table for each group, and finds it in the cache
 * for all rows of the group but the first.
 */
export class PartialOutput {
  readonly #codec: KeyCodec;
  readonly #groups: number;
  readonly #out: OutputBatch;
  /** By key group, while entries are put in order: where its next one goes. */
  readonly #next: Int32Array;
  #order: Int32Array = new Int32Array(0);

  /** `groups`: key groups in all. */
  constructor(codec: KeyCodec, schema: RowSchema, groups: number, output: Output) {
    this.#codec = codec;
    this.#groups = groups;
    this.#next = new Int32Array(groups + 1);
    this.#out = new OutputBatch(schema, output);
  }

  /** One row for each entry of the segment: key, number of rows (the last of its values), accumulator. */
  write(segment: Segment, eventTimeMs: number): void {
    const { rows } = this.#out;
    const { width } = segment;
    const rowsField = this.#codec.fields.length;
    const last = width - 1;
    const order = this.#byGroup(segment);
    for (let i = 0; i < segment.count; i++) {
      const entry = order[i]!;
      const at = entry * width;
      rows.addRow(eventTimeMs);
      writeKeyOf(this.#codec, segment, entry, rows);
      rows.setNumber(rowsField, segment.values[at + last]!);
      for (let v = 0; v < last; v++) rows.setNumber(rowsField + 1 + v, segment.values[at + v]!);
      this.#out.flushIfFull();
    }
  }

  /** Hands on what has been written. */
  flush(): void {
    this.#out.flush();
  }

  /** Entries by key group, and by number within one (counting sort): the first `count` of what is returned. */
  #byGroup(segment: Segment): Int32Array {
    const { count } = segment;
    const next = this.#next.fill(0);
    if (this.#order.length < count) this.#order = new Int32Array(count * 2);
    for (let entry = 0; entry < count; entry++) next[this.#groupOf(segment, entry) + 1]! += 1;
    for (let group = 1; group < next.length; group++) next[group]! += next[group - 1]!;
    for (let entry = 0; entry < count; entry++) {
      const group = this.#groupOf(segment, entry);
      this.#order[next[group]!] = entry;
      next[group]! += 1;
    }
    return this.#order;
  }

  #groupOf(segment: Segment, entry: number): number {
    return groupOfHash(segment.hashOf(entry), this.#groups);
  }
}
