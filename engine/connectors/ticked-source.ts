import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { TickEntry } from "../replication/cut-entry.ts";
import { PendingTicks } from "../replication/pending-ticks.ts";
import { TickFollower, type TickFollowerSettings } from "../replication/tick-follower.ts";
import { Source } from "./source.ts";
import type { SourcePart, TickedSourceHost } from "./source-part.ts";
import type { SourceSettings, SourceWorld } from "./source-settings.ts";

/**
 * The source of a replicated job that has no replica itself: emits what it reads at once, and places heartbeat h where it is when it
 * reads tick h. There its receivers' replicas see the same cut. While its output is blocked ticks wait, and of those without a
 * checkpoint only the last one counts: heartbeats must not pile up where records cannot.
 */
export class TickedSource implements SourcePart {
  readonly #source: Source;
  readonly #ticks: TickFollower;
  readonly #host: TickedSourceHost;
  readonly #world: SourceWorld;
  #counted = 0;
  #paused = false;
  readonly #waiting = new PendingTicks();

  constructor(settings: SourceSettings, ticks: TickFollowerSettings, world: SourceWorld, host: TickedSourceHost) {
    this.#host = host;
    this.#world = world;
    this.#source = new Source(settings, world, {
      emit: (batch) => host.emit(batch),
      advanceWatermark: (timeMs) => host.advanceWatermark(timeMs),
      setIdle: (idle) => host.setIdle(idle),
      fail: (error) => host.fail(error),
      end: () => {
        this.#ticks.close();
        host.end();
      },
      isOver: () => host.isOver(),
      step: (work) => {
        host.step(work);
        this.#count();
      },
    });
    this.#ticks = new TickFollower(ticks, {
      onTick: (tick) => host.step(() => this.#onTick(tick)),
      onCut: () => {},
      onDue: () => host.heartbeatDue(),
      fail: (error) => host.fail(error),
    });
  }

  get idle(): boolean {
    return this.#source.idle;
  }

  get recordsIn(): number {
    return this.#source.recordsIn;
  }

  counters(): Record<string, number> {
    return this.#source.counters();
  }

  start(): void {
    // First: an instance without partitions ends at once.
    this.#ticks.start();
    this.#source.start();
  }

  drain(): void {
    this.#source.drain();
  }

  pause(): void {
    this.#paused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#source.resume();
    if (!this.#waiting.isEmpty) this.#world.timers.soon(() => this.#host.step(() => this.#place()));
  }

  close(): void {
    this.#ticks.close();
    this.#source.close();
  }

  snapshot(writer: SnapshotWriter): void {
    this.#source.snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    this.#source.restore(snapshots);
  }

  #onTick(tick: TickEntry): void {
    this.#waiting.add(tick);
    this.#place();
  }

  #place(): void {
    if (this.#paused) return;
    for (const { heartbeat, checkpointId } of this.#waiting.take()) this.#host.heartbeat(heartbeat, checkpointId);
  }

  #count(): void {
    const read = this.#source.recordsIn - this.#counted;
    this.#counted += read;
    if (read > 0) this.#ticks.onRecords(read);
  }
}
