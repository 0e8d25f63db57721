import type { LogReader } from "../ports.ts";
import type { PartitionQueue } from "./slice-queue.ts";

/** Bytes read ahead of the latest cut above which reading pauses, unless a cut needs more. */
const MAX_READ_AHEAD_BYTES = 8 * 1024 * 1024;

/** Bounds what a replicated source has read and not emitted. */
export class ReadAhead {
  readonly #partitions: readonly PartitionQueue[];
  #paused = false;

  constructor(partitions: readonly PartitionQueue[]) {
    this.#partitions = partitions;
  }

  /** Pauses the reader while too much waits for its cut, but never while the oldest slice (`ends`; null: none) lacks records. */
  regulate(reader: LogReader, ends: readonly number[] | null): void {
    const waiting = this.#partitions.reduce((sum, { bytes }) => sum + bytes, 0);
    const lacks = ends !== null && this.#partitions.some(({ read }, index) => read < ends[index]!);
    const limit = this.#paused ? MAX_READ_AHEAD_BYTES / 2 : MAX_READ_AHEAD_BYTES;
    const pause = waiting > limit && !lacks;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) reader.pause();
    else reader.resume();
  }
}
