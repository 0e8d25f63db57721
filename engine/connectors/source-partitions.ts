import { assert } from "../../base/assert.ts";
import type { LogPosition } from "../ports.ts";
import { partitionsOf, type SourceSettings } from "./source-settings.ts";

/** Where a source stands in one partition. */
export interface SourcePartition {
  readonly partition: number;
  /** Offset of the next record. */
  position: number;
  /** Draining: the offset to reach; null while running, or not known yet. */
  target: number | null;
}

/** The partitions that a source instance reads, in ascending order: how far it is and, when it drains, how far it has to go. */
export class SourcePartitions {
  /** Their numbers. */
  readonly numbers: readonly number[];
  readonly #states: readonly SourcePartition[];

  constructor(settings: SourceSettings) {
    this.numbers = partitionsOf(settings);
    this.#states = this.numbers.map((partition) => ({ partition, position: 0, target: null }));
  }

  get count(): number {
    return this.numbers.length;
  }

  get positions(): readonly LogPosition[] {
    return this.#states.map(({ partition, position }) => ({ partition, offset: position }));
  }

  /** Is it known how far to go? */
  get isEndKnown(): boolean {
    return this.#states.every(({ target }) => target !== null);
  }

  /** All have been read to the end that the source drains to. */
  get atEnd(): boolean {
    for (let index = 0; index < this.#states.length; index++) if (!this.isAtEnd(index)) return false;
    return true;
  }

  isAtEnd(index: number): boolean {
    const { target, position } = this.at(index);
    return target !== null && position >= target;
  }

  at(index: number): SourcePartition {
    return this.#states[index]!;
  }

  /** Place of a partition that the source has asked for. */
  indexOf(partition: number): number {
    const index = this.numbers.indexOf(partition);
    assert(index >= 0, "records of a partition that was not asked for", { partition });
    return index;
  }

  /** Goes on at these offsets, one a partition. */
  moveTo(offsets: readonly number[]): void {
    assert(offsets.length === this.count, "one offset a partition", { offsets: offsets.length });
    for (const [index, state] of this.#states.entries()) state.position = offsets[index]!;
  }

  /** Drains to these offsets, one a partition. */
  endAt(offsets: readonly number[]): void {
    assert(offsets.length === this.count, "one end offset a partition", { offsets: offsets.length });
    for (const [index, state] of this.#states.entries()) state.target = offsets[index]!;
  }
}
