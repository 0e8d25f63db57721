import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Clock, Log, LogAddress, LogReader, LogRecords, Timer, Timers } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RecordDecoder } from "./format.ts";

export interface SourceSettings {
  readonly address: LogAddress;
  /** Partitions of the whole log; the instance reads those with partition mod parallelism = instance. */
  readonly partitions: number;
  readonly instance: number;
  readonly parallelism: number;
  readonly watermarkDelayMs: number;
  /** Least time between two watermarks, unless one is the last; µs. */
  readonly watermarkIntervalUs: number;
  /** true: drains from the start. */
  readonly bounded: boolean;
  readonly decoder: RecordDecoder;
}

/** What a source does to its task. */
export interface SourceHost {
  emit(batch: ColumnBatch): void;
  advanceWatermark(timeMs: number): void;
  /** The source is at its end; nothing follows. */
  end(): void;
  fail(error: Error): void;
  /** Runs `work` with the task's error handling and counters around it; nothing once the task has ended. */
  step(work: () => void): void;
}

export interface SourceWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

interface PartitionState {
  readonly partition: number;
  /** Offset of the next record. */
  position: number;
  maxEventTimeMs: number;
  /** Draining: the offset to reach; null while running, or not known yet. */
  target: number | null;
}

/**
 * A source instance: reads its partitions of a log, decodes, and makes watermarks = minimum over its partitions of (largest event
 * time − delay); a partition without event holds it back. Watermarks leave at the end of a batch of records or, when the last one
 * is less than the interval ago, by timer.
 */
export class Source {
  readonly #settings: SourceSettings;
  readonly #world: SourceWorld;
  readonly #host: SourceHost;
  readonly #partitions: PartitionState[] = [];
  #reader: LogReader | null = null;
  #paused = false;
  #draining = false;
  #ended = false;
  #timer: Timer | null = null;
  #emittedWatermarkMs = Number.NEGATIVE_INFINITY;
  #emittedAtUs = Number.NEGATIVE_INFINITY;
  #recordsIn = 0;

  constructor(settings: SourceSettings, world: SourceWorld, host: SourceHost) {
    assert(settings.partitions > 0 && settings.instance < settings.parallelism, "source out of range");
    this.#settings = settings;
    this.#world = world;
    this.#host = host;
    for (let partition = settings.instance; partition < settings.partitions; partition += settings.parallelism) {
      this.#partitions.push({ partition, position: 0, maxEventTimeMs: Number.NEGATIVE_INFINITY, target: null });
    }
  }

  get recordsIn(): number {
    return this.#recordsIn;
  }

  counters(): Record<string, number> {
    return { undecodable: this.#settings.decoder.undecodable };
  }

  /** Begins to read. An instance without partitions ends at once, so that it holds back no watermark. */
  start(): void {
    if (this.#partitions.length === 0) {
      this.#end();
      return;
    }
    const from = this.#partitions.map(({ partition, position }) => ({ partition, offset: position }));
    this.#reader = this.#world.log.openReader(this.#settings.address, from, {
      onRecords: (records) => this.#host.step(() => this.#onRecords(records)),
      onError: (error) => this.#host.fail(error),
    });
    if (this.#settings.bounded || this.#draining) this.#askForEnd();
  }

  /** Ends once the records that are in the log now have been read. */
  drain(): void {
    if (this.#draining || this.#settings.bounded) return;
    this.#draining = true;
    if (this.#reader !== null) this.#askForEnd();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#reader?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#reader?.resume();
  }

  close(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#reader?.close();
    this.#reader = null;
  }

  /** Position and event time of every partition, and the watermark emitted last. */
  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#emittedWatermarkMs);
    writer.u32(this.#partitions.length);
    for (const { partition, position, maxEventTimeMs } of this.#partitions) {
      writer.u32(partition);
      writer.f64(position);
      writer.f64(maxEventTimeMs);
    }
  }

  /** Before `start`. Takes the partitions it owns from any number of snapshots; the emitted watermark is their smallest. */
  restore(snapshots: readonly SnapshotReader[]): void {
    assert(this.#reader === null, "restore before start");
    let watermarkMs = Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      watermarkMs = Math.min(watermarkMs, snapshot.f64());
      const count = snapshot.u32();
      for (let index = 0; index < count; index++) {
        const partition = snapshot.u32();
        const position = snapshot.f64();
        const maxEventTimeMs = snapshot.f64();
        const state = this.#partitions.find((candidate) => candidate.partition === partition);
        if (state !== undefined) Object.assign(state, { position, maxEventTimeMs });
      }
    }
    this.#emittedWatermarkMs = snapshots.length === 0 ? Number.NEGATIVE_INFINITY : watermarkMs;
  }

  #onRecords(records: LogRecords): void {
    if (this.#ended) return;
    const state = this.#partitions.find((candidate) => candidate.partition === records.partition);
    assert(state !== undefined, "records of a partition that was not asked for", { partition: records.partition });
    assert(records.baseOffset >= state.position, "records come again", {
      position: state.position,
      baseOffset: records.baseOffset,
    });
    const maxEventTimeMs = this.#settings.decoder.decode(records, (batch) => this.#host.emit(batch));
    this.#recordsIn += records.recordCount;
    state.position = records.baseOffset + records.recordCount;
    state.maxEventTimeMs = Math.max(state.maxEventTimeMs, maxEventTimeMs);
    if (this.#atEnd()) this.#end();
    else this.#offerWatermark();
  }

  #askForEnd(): void {
    this.#reader?.endOffsets((offsets) => this.#host.step(() => this.#onEndOffsets(offsets)));
  }

  #onEndOffsets(offsets: readonly number[]): void {
    if (this.#ended) return;
    assert(offsets.length === this.#partitions.length, "one end offset a partition", { offsets: offsets.length });
    for (const [index, state] of this.#partitions.entries()) state.target = offsets[index]!;
    if (this.#atEnd()) this.#end();
  }

  #atEnd(): boolean {
    for (const { position, target } of this.#partitions) if (target === null || position < target) return false;
    return true;
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#host.end();
  }

  #watermarkMs(): number {
    let minimum = Number.POSITIVE_INFINITY;
    for (const { maxEventTimeMs } of this.#partitions) minimum = Math.min(minimum, maxEventTimeMs);
    return minimum - this.#settings.watermarkDelayMs;
  }

  #offerWatermark(): void {
    if (this.#timer !== null || this.#watermarkMs() <= this.#emittedWatermarkMs) return;
    const dueUs = this.#emittedAtUs + this.#settings.watermarkIntervalUs;
    const nowUs = this.#world.clock.nowUs();
    if (nowUs >= dueUs) this.#emitWatermark(nowUs);
    else {
      this.#timer = this.#world.timers.after(dueUs - nowUs, () => {
        this.#timer = null;
        this.#host.step(() => this.#emitWatermark(this.#world.clock.nowUs()));
      });
    }
  }

  #emitWatermark(nowUs: number): void {
    if (this.#ended) return;
    this.#emittedWatermarkMs = this.#watermarkMs();
    this.#emittedAtUs = nowUs;
    this.#host.advanceWatermark(this.#emittedWatermarkMs);
  }
}
