import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { Fifo } from "../merge/fifo.ts";
import type { LogReader, LogRecords } from "../ports.ts";
import type { CutEntry, TickEntry } from "../replication/cut-entry.ts";
import { PendingTicks } from "../replication/pending-ticks.ts";
import { TickFollower, type TickFollowerSettings } from "../replication/tick-follower.ts";
import { ReadAhead } from "./read-ahead.ts";
import { PartitionQueue } from "./slice-queue.ts";
import { SliceTime } from "./slice-time.ts";
import type { SourcePart, TickedSourceHost } from "./source-part.ts";
import { partitionsOf, type SourceSettings, type SourceWorld } from "./source-settings.ts";

interface CutSettings extends TickFollowerSettings {
  /** Replica group in the cut log. */
  readonly group: string;
}

interface Slice {
  readonly heartbeat: number;
  readonly ends: readonly number[];
  readonly last: boolean;
  readonly checkpointId: number | null;
}

/** Slices that wait for their records or for room before a replica proposes no more. */
const MAX_WAITING_SLICES = 4;

/**
 * A replica of a replicated source. All replicas of the group read the same partitions; what they emit before heartbeat h is what the
 * group's cut h says, in partition order, so that all emit the same. On tick h each proposes what it has read; the first proposal in the
 * cut log counts. Watermarks and idleness change with slices only.
 */
export class CutSource implements SourcePart {
  readonly #settings: SourceSettings;
  readonly #group: string;
  readonly #world: SourceWorld;
  readonly #host: TickedSourceHost;
  readonly #ticks: TickFollower;
  readonly #partitions: PartitionQueue[] = [];
  readonly #pending = new PendingTicks();
  readonly #slices = new Fifo<Slice>();
  readonly #time: SliceTime;
  readonly #readAhead = new ReadAhead(this.#partitions);
  #reader: LogReader | null = null;
  #paused = false;
  #scheduled = false;
  #ended = false;
  #draining = false;
  #recordsIn = 0;

  constructor(settings: SourceSettings, ticks: CutSettings, world: SourceWorld, host: TickedSourceHost) {
    this.#settings = settings;
    this.#group = ticks.group;
    this.#world = world;
    this.#host = host;
    for (const partition of partitionsOf(settings)) this.#partitions.push(new PartitionQueue(partition, 0));
    const idleTimeoutUs = settings.idleTimeoutUs ?? 0;
    const idleSlices = idleTimeoutUs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(idleTimeoutUs / ticks.intervalUs);
    const partitions = this.#partitions;
    this.#time = new SliceTime({ partitions, delayMs: settings.watermarkDelayMs, idleSlices, host });
    this.#ticks = new TickFollower(ticks, {
      onTick: (tick) => host.step(() => this.#onTick(tick)),
      onCut: (cut) => host.step(() => this.#onCut(cut)),
      onDue: () => host.heartbeatDue(),
      fail: (error) => host.fail(error),
    });
  }

  get idle(): boolean {
    return this.#time.idle;
  }

  get recordsIn(): number {
    return this.#recordsIn;
  }

  counters(): Record<string, number> {
    return { undecodable: this.#settings.decoder.undecodable };
  }

  start(): void {
    if (this.#partitions.length === 0) {
      this.#end();
      return;
    }
    const from = this.#partitions.map(({ partition, read }) => ({ partition, offset: read }));
    this.#reader = this.#world.log.openReader(this.#settings.address, from, {
      onRecords: (records) => this.#host.step(() => this.#onRecords(records)),
      onSkipped: (partition, nextOffset) => this.#host.step(() => this.#onSkipped(partition, nextOffset)),
      onError: (error) => this.#host.fail(error),
    });
    this.#ticks.start();
    if (this.#settings.bounded || this.#draining) this.#askForEnd();
  }

  drain(): void {
    if (this.#draining || this.#settings.bounded) return;
    this.#draining = true;
    if (this.#reader !== null) this.#askForEnd();
  }

  /** Reading goes on, up to its bound; emitting does not. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): void {
    this.#ended = true;
    this.#ticks.close();
    this.#reader?.close();
    this.#reader = null;
  }

  /** Between two slices: what has been emitted of every partition, and what watermark and idleness hang on. */
  snapshot(writer: SnapshotWriter): void {
    this.#time.snapshot(writer);
    writer.u32(this.#partitions.length);
    for (const { partition, taken, latestMs, quietSlices } of this.#partitions) {
      writer.u32(partition);
      writer.f64(taken);
      writer.f64(latestMs);
      writer.f64(quietSlices);
    }
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    assert(
      this.#reader === null && snapshots.length === 1,
      "a replica is restored from its group's snapshot, before start",
    );
    const reader = snapshots[0]!;
    this.#time.restore(reader);
    for (let left = reader.u32(); left > 0; left--) {
      const queue = this.#queueOf(reader.u32());
      queue.taken = reader.f64();
      queue.read = queue.taken;
      queue.latestMs = reader.f64();
      queue.quietSlices = reader.f64();
    }
  }

  #onTick(tick: TickEntry): void {
    if (this.#ended) return;
    this.#pending.add(tick);
    this.#propose();
  }

  /** Not while enough slices wait to be emitted: heartbeats must not pile up where records cannot. A faster replica may propose. */
  #propose(): void {
    if (this.#slices.length >= MAX_WAITING_SLICES) return;
    const heartbeat = this.#pending.propose();
    if (heartbeat === null) return;
    const ends = this.#partitions.map(({ read, target }) => (target === null ? read : Math.min(read, target)));
    const last = this.#partitions.every(({ read, target }) => target !== null && read >= target);
    this.#ticks.propose({ group: this.#group, heartbeat, ends, last });
  }

  #onCut({ group, heartbeat, ends, last }: CutEntry): void {
    if (this.#ended || group !== this.#group) return;
    assert(ends.length === this.#partitions.length, "a cut of other partitions", { group, heartbeat });
    this.#slices.push({ heartbeat, ends, last, checkpointId: this.#pending.settle(heartbeat) });
    this.#emit();
  }

  #onRecords(records: LogRecords): void {
    if (this.#ended) return;
    this.#queueOf(records.partition).push(records);
    this.#ticks.onRecords(records.recordCount);
    this.#emit();
  }

  #onSkipped(partition: number, nextOffset: number): void {
    if (this.#ended) return;
    this.#queueOf(partition).skipTo(nextOffset);
    this.#emit();
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#ended || this.#slices.length === 0) return;
    this.#scheduled = true;
    this.#world.timers.soon(() => {
      this.#scheduled = false;
      this.#host.step(() => this.#emit());
    });
  }

  /** One piece of the oldest slice a step, so that back-pressure is heeded; its heartbeat behind the last one. */
  #emit(): void {
    const slice = this.#slices.peek();
    if (slice !== undefined && !this.#paused && !this.#ended && this.#emitPiece(slice)) this.#schedule();
    if (this.#reader !== null) this.#readAhead.regulate(this.#reader, this.#slices.peek()?.ends ?? null);
  }

  /** false: more must be read first. */
  #emitPiece(slice: Slice): boolean {
    for (const [index, queue] of this.#partitions.entries()) {
      // A cut may lie behind an earlier one that a faster replica proposed.
      const end = slice.ends[index]!;
      if (queue.taken >= end) continue;
      const records = queue.take(end);
      if (records === null) {
        if (queue.taken < end) return false;
        continue;
      }
      queue.latestMs = Math.max(
        queue.latestMs,
        this.#settings.decoder.decode(records, (batch) => this.#host.emit(batch)),
      );
      queue.quietSlices = -1;
      this.#recordsIn += records.recordCount;
      return true;
    }
    this.#slices.shift();
    this.#finish(slice);
    return true;
  }

  #finish({ heartbeat, checkpointId, last }: Slice): void {
    this.#time.afterSlice();
    this.#propose();
    this.#host.heartbeat(heartbeat, checkpointId);
    if (last) this.#end();
  }

  #queueOf(partition: number): PartitionQueue {
    const queue = this.#partitions.find((candidate) => candidate.partition === partition);
    assert(queue !== undefined, "records of a partition that was not asked for", { partition });
    return queue;
  }

  #askForEnd(): void {
    this.#reader?.endOffsets((offsets) => {
      for (const [index, queue] of this.#partitions.entries()) queue.target = offsets[index]!;
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#host.end();
  }
}
