import { hashBytes, hashNumber } from "../../../base/hash.ts";
import type { KeyCodec } from "../../rows/key.ts";
import { BytesSegment } from "../../state/bytes-segment.ts";
import { NumberSegment } from "../../state/number-segment.ts";
import type { Segment } from "../../state/segment.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";
import { DistinctSets } from "../aggregate/distinct-sets.ts";
import type { KeyGroupRange } from "../operator.ts";
import type { Pane } from "./panes.ts";

/** The panes of a window added up, one key group at a time. */
export class PaneUnion {
  readonly #codec: KeyCodec;
  readonly #aggregates: BoundAggregates;
  readonly #scratch: Segment;
  readonly #sets: DistinctSets | null;

  constructor(codec: KeyCodec, aggregates: BoundAggregates, range: KeyGroupRange) {
    this.#codec = codec;
    this.#aggregates = aggregates;
    const { width, distinct } = aggregates;
    this.#scratch = codec.numeric ? new NumberSegment(width, false) : new BytesSegment(width, false);
    this.#sets = distinct.length > 0 ? new DistinctSets(range) : null;
  }

  /** The group's entries of several panes as one. Valid until the next call. */
  of(panes: readonly Pane[], group: number): Segment {
    this.#scratch.clear();
    for (const { table } of panes) {
      const segment = table.segment(group);
      if (segment !== null) this.#merge(this.#scratch, segment);
    }
    this.#uniteSets(panes, group);
    return this.#scratch;
  }

  #merge(scratch: Segment, segment: Segment): void {
    const { width } = segment;
    for (let entry = 0; entry < segment.count; entry++) {
      const at = scratch.upsertFrom(segment, entry) * width;
      if (scratch.inserted) this.#aggregates.initialize(scratch.values, at);
      this.#aggregates.merge(scratch.values, at, segment.values, entry * width);
    }
  }

  /** A value that occurs in several panes counts once. */
  #uniteSets(panes: readonly Pane[], group: number): void {
    const union = this.#sets;
    if (union === null) return;
    union.clear();
    const { distinct } = this.#aggregates;
    for (const { sets } of panes) {
      union.unite(sets!, group, (key, start, end, field, bits) => {
        const at = this.#scratchEntry(key, start, end) * this.#scratch.width;
        this.#aggregates.countDistinct(distinct[field]!, bits, this.#scratch.values, at);
      });
    }
  }

  /** The entry that `#merge` made for a key. */
  #scratchEntry(key: Uint8Array, start: number, end: number): number {
    const scratch = this.#scratch;
    if (scratch instanceof BytesSegment) return scratch.find(hashBytes(key, start, end), key, start, end);
    const number = this.#codec.decodeNumber(key, start);
    return (scratch as NumberSegment).find(hashNumber(number), number);
  }
}
