import { assert, present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { LogReader, LogReaderHandler, LogRecords } from "../ports.ts";
import { AlignedReading } from "./aligned-reading.ts";
import { askForEnd } from "./end-of-log.ts";
import { RecordsBefore } from "./records-before.ts";
import type { SourceHost } from "./source-part.ts";
import { type SourcePartition, SourcePartitions } from "./source-partitions.ts";
import type { SourceSettings, SourceWorld } from "./source-settings.ts";
import { SourceWatermarks } from "./source-watermarks.ts";

/** A source instance: reads its partitions of a log, decodes, and makes watermarks (`source-watermarks.ts`). */
export class Source {
  readonly #settings: SourceSettings;
  readonly #world: SourceWorld;
  readonly #host: SourceHost;
  readonly #partitions: SourcePartitions;
  readonly #watermarks: SourceWatermarks;
  readonly #alignment: AlignedReading;
  #reader: LogReader | null = null;
  #paused = false;
  #draining = false;
  /** The reader has gone on beyond what was taken of it. */
  #missed = false;
  #ended = false;
  #recordsIn = 0;

  constructor(settings: SourceSettings, world: SourceWorld, host: SourceHost) {
    assert(settings.partitions > 0 && settings.instance < settings.parallelism, "source out of range");
    this.#settings = settings;
    this.#world = world;
    this.#host = host;
    this.#partitions = new SourcePartitions(settings);
    this.#watermarks = new SourceWatermarks({
      partitions: this.#partitions.count,
      delayMs: settings.watermarkDelayMs,
      intervalUs: settings.watermarkIntervalUs,
      idleTimeoutUs: settings.idleTimeoutUs ?? 0,
      clock: world.clock,
      timers: world.timers,
      step: (work) => host.step(work),
      advanceWatermark: (timeMs) => host.advanceWatermark(timeMs),
      setIdle: (idle) => host.setIdle(idle),
    });
    this.#alignment = new AlignedReading({
      boundMs: settings.watermarkAlignmentMs ?? 0,
      partitions: this.#partitions.count,
      clock: world.clock,
      timers: world.timers,
      watermarks: this.#watermarks,
      atEnd: (index) => this.#partitions.isAtEnd(index),
      hold: (index, held) => present(this.#reader, "reader").hold(this.#partitions.at(index).partition, held),
      step: (work) => host.step(work),
    });
  }

  /** Has the host been told that all partitions are idle? */
  get idle(): boolean {
    return this.#watermarks.idle;
  }

  get recordsIn(): number {
    return this.#recordsIn;
  }

  counters(): Record<string, number> {
    return { undecodable: this.#settings.decoder.undecodable };
  }

  /** Begins to read. An instance without partitions ends at once, so that it holds back no watermark. */
  start(): void {
    if (this.#partitions.count === 0) {
      this.#end();
      return;
    }
    if (this.#settings.fromEnd === true) this.#findEnd();
    else this.#open();
  }

  /** Begins where the log ends now. */
  #findEnd(): void {
    askForEnd(this.#world.log, this.#settings.address, this.#partitions.numbers, (error, offsets) => {
      if (this.#ended) return;
      if (offsets === null) {
        this.#host.fail(error ?? new Error("no answer"));
        return;
      }
      this.#partitions.moveTo(offsets);
      this.#host.step(() => this.#open());
    });
  }

  #open(): void {
    const handler: LogReaderHandler = {
      onRecords: (records) => this.#take(() => this.#onRecords(records)),
      onSkipped: (partition, nextOffset) => this.#take(() => this.#onSkipped(partition, nextOffset)),
      onError: (error) => this.#host.fail(error),
    };
    const { address, fetchRestMs = 0 } = this.#settings;
    // What is taken back must not be computed with.
    const reading = { isolation: "committed", restMs: fetchRestMs } as const;
    this.#reader = this.#world.log.openReader(address, this.#partitions.positions, handler, reading);
    for (const [index, partition] of this.#partitions.numbers.entries()) {
      if (this.#alignment.isHeld(index)) this.#reader.hold(partition, true);
    }
    if (this.#paused) {
      this.#reader.pause();
    } else {
      this.#watermarks.resume();
      this.#alignment.resume();
    }
    if ((this.#settings.bounded || this.#draining) && !this.#partitions.isEndKnown) this.#askForEnd();
  }

  /**
   * Records cannot be put off, because they are only lent: what comes behind the last checkpoint is read again if need be, and so is all that
   * the same reader gives after it.
   */
  #take(work: () => void): void {
    if (this.#host.isOver()) this.#missed = true;
    if (!this.#missed) this.#host.step(work);
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
    this.#watermarks.pause();
    this.#alignment.pause();
    this.#reader?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#reader === null) return;
    if (this.#missed) {
      this.#missed = false;
      this.#reader.close();
      this.#open(); // at the positions that were reached
      return;
    }
    this.#watermarks.resume();
    this.#reader.resume();
    this.#alignment.resume();
  }

  close(): void {
    this.#ended = true;
    this.#watermarks.close();
    this.#alignment.pause();
    this.#reader?.close();
    this.#reader = null;
  }

  /** Position and event time of every partition, the watermark emitted last, and whether all partitions were idle. */
  snapshot(writer: SnapshotWriter): void {
    this.#watermarks.snapshot(writer);
    writer.u32(this.#partitions.count);
    for (const [index, { partition, offset }] of this.#partitions.positions.entries()) {
      writer.u32(partition);
      writer.f64(offset);
      writer.f64(this.#watermarks.latestMs[index]!);
    }
  }

  /** Before `start`. Takes the partitions it owns from any number of snapshots; the emitted watermark is their smallest. */
  restore(snapshots: readonly SnapshotReader[]): void {
    assert(this.#reader === null, "restore before start");
    const emitted = snapshots.map((snapshot) => {
      const watermark = SourceWatermarks.read(snapshot);
      for (let left = snapshot.u32(); left > 0; left--) this.#restorePartition(snapshot);
      return watermark;
    });
    this.#watermarks.restore(emitted);
  }

  #restorePartition(snapshot: SnapshotReader): void {
    const partition = snapshot.u32();
    const position = snapshot.f64();
    const latestMs = snapshot.f64();
    const index = this.#partitions.numbers.indexOf(partition);
    if (index < 0) return;
    this.#partitions.at(index).position = position;
    this.#watermarks.afterRows(index, latestMs);
  }

  #onRecords(records: LogRecords): void {
    if (this.#ended) return;
    const index = this.#partitions.indexOf(records.partition);
    const state = this.#partitions.at(index);
    assert(records.baseOffset >= state.position, "records come again", {
      position: state.position,
      baseOffset: records.baseOffset,
    });
    const { target } = state;
    if (target !== null && records.baseOffset >= target) {
      this.#moveTo(state, records.nextOffset);
      return;
    }
    const wanted = target !== null && records.nextOffset > target ? new RecordsBefore(records, target) : records;
    this.#watermarks.beforeRows(index);
    const latestMs = this.#settings.decoder.decode(wanted, (batch) => this.#host.emit(batch));
    this.#recordsIn += wanted.recordCount;
    state.position = wanted.nextOffset;
    this.#watermarks.afterRows(index, latestMs);
    if (this.#partitions.atEnd) this.#end();
    else {
      this.#watermarks.offer();
      if (this.#reader !== null) this.#alignment.afterRows(index);
    }
  }

  #onSkipped(partition: number, nextOffset: number): void {
    if (!this.#ended) this.#moveTo(this.#partitions.at(this.#partitions.indexOf(partition)), nextOffset);
  }

  /** Passes over what lies before `nextOffset`: none of it, or none that is wanted, is records. */
  #moveTo(state: SourcePartition, nextOffset: number): void {
    state.position = Math.max(state.position, nextOffset);
    this.#afterMove();
  }

  #askForEnd(): void {
    this.#reader?.endOffsets((offsets) => this.#host.step(() => this.#onEndOffsets(offsets)));
  }

  #onEndOffsets(offsets: readonly number[]): void {
    if (this.#ended) return;
    this.#partitions.endAt(offsets);
    this.#afterMove();
  }

  #afterMove(): void {
    if (this.#partitions.atEnd) this.#end();
    else this.#alignment.update();
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#host.end();
  }
}
