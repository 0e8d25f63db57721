import { assert, present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { LogReader, LogReaderHandler, LogRecords } from "../ports.ts";
import { AlignedReading } from "./aligned-reading.ts";
import { askForEnd } from "./end-of-log.ts";
import { isAtEnd, type PartitionState } from "./partition-state.ts";
import { RecordsBefore } from "./records-before.ts";
import type { SourceHost } from "./source-part.ts";
import { partitionsOf, type SourceSettings, type SourceWorld } from "./source-settings.ts";
import { SourceWatermarks } from "./source-watermarks.ts";

/** A source instance: reads its partitions of a log, decodes, and makes watermarks (`source-watermarks.ts`). */
export class Source {
  readonly #settings: SourceSettings;
  readonly #world: SourceWorld;
  readonly #host: SourceHost;
  readonly #partitions: PartitionState[] = [];
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
    for (const partition of partitionsOf(settings)) this.#partitions.push({ partition, position: 0, target: null });
    this.#watermarks = new SourceWatermarks({
      partitions: this.#partitions.length,
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
      partitions: this.#partitions.length,
      clock: world.clock,
      timers: world.timers,
      watermarks: this.#watermarks,
      atEnd: (index) => isAtEnd(this.#partitions[index]!),
      hold: (index, held) => present(this.#reader, "reader").hold(this.#partitions[index]!.partition, held),
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
    if (this.#partitions.length === 0) {
      this.#end();
      return;
    }
    if (this.#settings.fromEnd === true) this.#findEnd();
    else this.#open();
  }

  /** Begins where the log ends now. */
  #findEnd(): void {
    const { address } = this.#settings;
    const partitions = this.#partitions.map(({ partition }) => partition);
    askForEnd(this.#world.log, address, partitions, (error, offsets) => {
      if (this.#ended) return;
      if (offsets === null) {
        this.#host.fail(error ?? new Error("no answer"));
        return;
      }
      for (const [index, state] of this.#partitions.entries()) state.position = offsets[index]!;
      this.#host.step(() => this.#open());
    });
  }

  #open(): void {
    const from = this.#partitions.map(({ partition, position }) => ({ partition, offset: position }));
    const handler: LogReaderHandler = {
      onRecords: (records) => this.#take(() => this.#onRecords(records)),
      onSkipped: (partition, nextOffset) => this.#take(() => this.#onSkipped(partition, nextOffset)),
      onError: (error) => this.#host.fail(error),
    };
    // What is taken back must not be computed with.
    this.#reader = this.#world.log.openReader(this.#settings.address, from, handler, "committed");
    for (const [index, { partition }] of this.#partitions.entries()) {
      if (this.#alignment.isHeld(index)) this.#reader.hold(partition, true);
    }
    if (this.#paused) {
      this.#reader.pause();
    } else {
      this.#watermarks.resume();
      this.#alignment.resume();
    }
    const isEndKnown = this.#partitions.every(({ target }) => target !== null);
    if ((this.#settings.bounded || this.#draining) && !isEndKnown) this.#askForEnd();
  }

  /** Records cannot be put off, because they are only lent: what comes behind the last checkpoint is read again if need be. */
  #take(work: () => void): void {
    if (this.#host.isOver()) this.#missed = true;
    else this.#host.step(work);
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
      this.#openAgain();
      return;
    }
    this.#watermarks.resume();
    this.#reader.resume();
    this.#alignment.resume();
  }

  /** At the positions that were reached. */
  #openAgain(): void {
    this.#missed = false;
    this.#reader?.close();
    this.#open();
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
    writer.u32(this.#partitions.length);
    for (const [index, { partition, position }] of this.#partitions.entries()) {
      writer.u32(partition);
      writer.f64(position);
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
    const index = this.#partitions.findIndex((candidate) => candidate.partition === partition);
    if (index < 0) return;
    this.#partitions[index]!.position = position;
    this.#watermarks.afterRows(index, latestMs);
  }

  #onRecords(records: LogRecords): void {
    if (this.#ended) return;
    const index = this.#indexOf(records.partition);
    const state = this.#partitions[index]!;
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
    if (this.#atEnd()) this.#end();
    else {
      this.#watermarks.offer();
      if (this.#reader !== null) this.#alignment.afterRows(index);
    }
  }

  #onSkipped(partition: number, nextOffset: number): void {
    if (!this.#ended) this.#moveTo(this.#partitions[this.#indexOf(partition)]!, nextOffset);
  }

  /** Passes over what lies before `nextOffset`: none of it, or none that is wanted, is records. */
  #moveTo(state: PartitionState, nextOffset: number): void {
    state.position = Math.max(state.position, nextOffset);
    this.#afterMove();
  }

  #indexOf(partition: number): number {
    const index = this.#partitions.findIndex((candidate) => candidate.partition === partition);
    assert(index >= 0, "records of a partition that was not asked for", { partition });
    return index;
  }

  #askForEnd(): void {
    this.#reader?.endOffsets((offsets) => this.#host.step(() => this.#onEndOffsets(offsets)));
  }

  #onEndOffsets(offsets: readonly number[]): void {
    if (this.#ended) return;
    assert(offsets.length === this.#partitions.length, "one end offset a partition", { offsets: offsets.length });
    for (const [index, state] of this.#partitions.entries()) state.target = offsets[index]!;
    this.#afterMove();
  }

  #afterMove(): void {
    if (this.#atEnd()) this.#end();
    else this.#alignment.update();
  }

  #atEnd(): boolean {
    for (const partition of this.#partitions) if (!isAtEnd(partition)) return false;
    return true;
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#host.end();
  }
}
