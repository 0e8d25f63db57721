import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { PartitionQueue } from "./slice-queue.ts";
import type { SourceHost } from "./source-part.ts";

interface SliceTimeSettings {
  readonly partitions: readonly PartitionQueue[];
  /** Watermark = largest event time − this. */
  readonly delayMs: number;
  /** Slices without records after which a partition is idle; Infinity: never. */
  readonly idleSlices: number;
  readonly host: Pick<SourceHost, "advanceWatermark" | "setIdle">;
}

/** Watermark and idleness of a replicated source: they change between slices only, and count slices, so that all replicas agree. */
export class SliceTime {
  readonly #settings: SliceTimeSettings;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #idle = false;

  constructor(settings: SliceTimeSettings) {
    this.#settings = settings;
  }

  /** Has the host been told that all partitions are idle? */
  get idle(): boolean {
    return this.#idle;
  }

  /** Tells what a slice has changed. A partition without event holds the watermark back, unless it is idle. */
  afterSlice(): void {
    const { partitions, idleSlices, delayMs, host } = this.#settings;
    for (const queue of partitions) queue.quietSlices++;
    const active = partitions.filter(({ quietSlices }) => quietSlices < idleSlices);
    const wasIdle = this.#idle;
    this.#idle = active.length === 0;
    if (wasIdle !== this.#idle) host.setIdle(this.#idle);
    if (this.#idle) return;
    const timeMs = Math.min(...active.map(({ latestMs }) => latestMs)) - delayMs;
    if (timeMs <= this.#watermarkMs) return;
    this.#watermarkMs = timeMs;
    host.advanceWatermark(timeMs);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#watermarkMs);
    writer.u8(this.#idle ? 1 : 0);
  }

  restore(reader: SnapshotReader): void {
    this.#watermarkMs = reader.f64();
    this.#idle = reader.u8() === 1;
  }
}
