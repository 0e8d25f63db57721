import type { Clock, Log, LogAddress, Timers } from "../ports.ts";
import type { TickEntry } from "./cut-entry.ts";
import { CutLog } from "./cut-log.ts";
import { FIRST_FLAGGED_HEARTBEAT } from "./flagged-heartbeat.ts";

export interface TickerSettings {
  readonly world: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
  readonly cutLog: LogAddress;
  readonly attempt: number;
  readonly intervalUs: number;
  /** The cut log cannot be used. */
  readonly onError: (error: Error) => void;
}

/**
 * The coordinator's part of the cut log: appends the next tick when the interval is due or when asked. Each once, and none before the one
 * before it has been read: a slow log slows the ticks.
 */
export class Ticker {
  readonly #settings: TickerSettings;
  readonly #log: CutLog;
  #latestUs: number;
  /** The latest heartbeat whose tick was appended. */
  #appended = 0;
  /** A checkpoint that waits for a heartbeat to ride on; null: none does. */
  #waiting: number | null = null;
  /** The heartbeat that was appended with it. */
  #flagged: { readonly heartbeat: number; readonly checkpointId: number } | null = null;
  #stopped = false;

  constructor(settings: TickerSettings) {
    this.#settings = settings;
    const { world, cutLog, attempt, intervalUs } = settings;
    this.#latestUs = world.clock.nowUs();
    this.#log = new CutLog(world, cutLog, attempt, {
      onTick: (tick) => this.#onTick(tick),
      onError: (error) => settings.onError(error),
    });
    this.#arm(intervalUs);
  }

  /** A source has read enough for a heartbeat. */
  onDue(): void {
    if (!this.#stopped) this.#append();
  }

  /** A checkpoint begins: the next heartbeat that may carries it. */
  flag(checkpointId: number): void {
    this.#waiting = checkpointId;
    if (!this.#stopped) this.#append();
  }

  stop(): void {
    this.#stopped = true;
    this.#log.close();
  }

  #onTick(tick: TickEntry): void {
    this.#latestUs = this.#settings.world.clock.nowUs();
    const flagged = this.#flagged;
    if (flagged !== null && tick.heartbeat >= flagged.heartbeat) {
      this.#flagged = null;
      // A source has appended this tick before, without the flag: the next one carries it, unless a later checkpoint does.
      if (tick.checkpointId !== flagged.checkpointId) this.#waiting ??= flagged.checkpointId;
    }
    if (this.#waiting !== null && !this.#stopped) this.#append();
  }

  #arm(delayUs: number): void {
    this.#settings.world.timers.after(delayUs, () => {
      if (!this.#stopped) this.#onTimer();
    });
  }

  #onTimer(): void {
    const { world, intervalUs } = this.#settings;
    const nowUs = world.clock.nowUs();
    const sinceUs = nowUs - this.#latestUs;
    if (sinceUs < intervalUs) {
      this.#arm(intervalUs - sinceUs);
      return;
    }
    this.#append();
    this.#arm(intervalUs);
  }

  #append(): void {
    const heartbeat = this.#log.tick + 1;
    if (heartbeat <= this.#appended) return;
    this.#appended = heartbeat;
    const checkpointId = heartbeat >= FIRST_FLAGGED_HEARTBEAT ? this.#waiting : null;
    if (checkpointId !== null) {
      this.#waiting = null;
      this.#flagged = { heartbeat, checkpointId };
    }
    this.#log.append({ kind: "tick", attempt: this.#settings.attempt, heartbeat, checkpointId });
  }
}
