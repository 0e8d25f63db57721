import type { Clock, Log, LogAddress, Timer, Timers } from "../ports.ts";
import type { CutEntry, TickEntry } from "./cut-entry.ts";
import { CutLog } from "./cut-log.ts";

/** Intervals without a tick after which whoever should append them is taken for dead. */
const SILENT_INTERVALS = 2;

export interface TickFollowerSettings {
  readonly world: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
  readonly cutLog: LogAddress;
  readonly attempt: number;
  readonly intervalUs: number;
  /** A source asks for a heartbeat after so many records; 0: never. */
  readonly records: number;
}

export interface TickFollowerHost {
  onTick(tick: TickEntry): void;
  onCut(cut: CutEntry): void;
  /** Enough was read since the last tick. */
  onDue(): void;
  fail(error: Error): void;
}

/**
 * A source task's part of the cut log: follows the ticks, asks for one after enough records, and when nobody has appended one for two
 * intervals appends it itself, so that a dead coordinator stops no heartbeats.
 */
export class TickFollower {
  readonly #settings: TickFollowerSettings;
  readonly #host: TickFollowerHost;
  #log: CutLog | null = null;
  #timer: Timer | null = null;
  #latestUs = 0;
  /** The latest heartbeat whose tick this follower has appended: each once, however slow the log. */
  #appended = 0;
  #records = 0;
  #asked = false;

  constructor(settings: TickFollowerSettings, host: TickFollowerHost) {
    this.#settings = settings;
    this.#host = host;
  }

  start(): void {
    const { world, cutLog, attempt } = this.#settings;
    this.#latestUs = world.clock.nowUs();
    this.#log = new CutLog(world, cutLog, attempt, {
      onTick: (tick) => this.#onTick(tick),
      onCut: (cut) => this.#host.onCut(cut),
      onError: (error) => this.#host.fail(error),
    });
    this.#arm();
  }

  /** `count` more records have been read. */
  onRecords(count: number): void {
    const { records } = this.#settings;
    this.#records += count;
    if (records === 0 || this.#asked || this.#records < records) return;
    this.#asked = true;
    this.#host.onDue();
  }

  propose(cut: Omit<CutEntry, "kind" | "attempt">): void {
    this.#log?.append({ kind: "cut", attempt: this.#settings.attempt, ...cut });
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#log?.close();
    this.#log = null;
  }

  #onTick(tick: TickEntry): void {
    this.#latestUs = this.#settings.world.clock.nowUs();
    this.#records = 0;
    this.#asked = false;
    this.#host.onTick(tick);
  }

  #arm(): void {
    const { world, intervalUs, attempt } = this.#settings;
    const limitUs = SILENT_INTERVALS * intervalUs;
    const silentUs = world.clock.nowUs() - this.#latestUs;
    this.#timer = world.timers.after(silentUs < limitUs ? limitUs - silentUs : intervalUs, () => {
      const log = this.#log;
      if (log === null) return;
      const heartbeat = log.tick + 1;
      if (world.clock.nowUs() - this.#latestUs >= limitUs && heartbeat > this.#appended) {
        this.#appended = heartbeat;
        log.append({ kind: "tick", attempt, heartbeat, checkpointId: null });
      }
      this.#arm();
    });
  }
}
