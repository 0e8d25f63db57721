import type { DeferredPart, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { FrozenDetails } from "./entry-details.ts";
import type { FrozenSegment } from "./frozen-segment.ts";
import type { Segment } from "./segment.ts";

/** Segments of one table by key group, frozen at one moment: how many, then for each its group and its parts. */
export class FrozenGroups implements DeferredPart {
  readonly #groups: readonly { readonly group: number; readonly frozen: FrozenSegment }[];
  readonly #details: FrozenDetails | null;
  #next = 0;

  /** Of `segments`, those of the key groups from `first` on, the ones with entries. */
  constructor(first: number, segments: readonly (Segment | null)[], details: FrozenDetails | null) {
    const groups: { group: number; frozen: FrozenSegment }[] = [];
    for (const [index, segment] of segments.entries()) {
      if (segment === null || segment.count === 0) continue;
      groups.push({ group: first + index, frozen: segment.freeze(details?.openGroup() ?? null) });
    }
    this.#groups = groups;
    this.#details = details;
  }

  write(writer: SnapshotWriter, budgetBytes: number): boolean {
    // Numbers of eight bytes follow, and parts that are multiples of eight in front of them keep them aligned.
    if (writer.byteLength === 0) writer.f64(this.#groups.length);
    let left = budgetBytes;
    for (let next = this.#groups[this.#next]; next !== undefined; next = this.#groups[this.#next]) {
      const { group, frozen } = next;
      if (!frozen.isOpen) {
        writer.u32(group);
        frozen.open(writer);
      }
      left = frozen.advance(left);
      if (left <= 0) return false;
      frozen.close();
      frozen.release();
      this.#next += 1;
    }
    return true;
  }

  release(): void {
    for (const { frozen } of this.#groups.slice(this.#next)) frozen.release();
    this.#details?.release();
  }
}
