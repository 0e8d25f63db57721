import type { Clock, Log, LogAddress, Timers } from "../ports.ts";
import { CutLog } from "./cut-log.ts";

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
  #stopped = false;

  constructor(settings: TickerSettings) {
    this.#settings = settings;
    const { world, cutLog, attempt, intervalUs } = settings;
    this.#latestUs = world.clock.nowUs();
    this.#log = new CutLog(world, cutLog, attempt, {
      onTick: () => this.#onTick(),
      onError: (error) => settings.onError(error),
    });
    this.#arm(intervalUs);
  }

  /** A source has read enough for a heartbeat. */
  onDue(): void {
    if (!this.#stopped) this.#append();
  }

  stop(): void {
    this.#stopped = true;
    this.#log.close();
  }

  #onTick(): void {
    this.#latestUs = this.#settings.world.clock.nowUs();
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
    this.#log.append({ kind: "tick", attempt: this.#settings.attempt, heartbeat, checkpointId: null });
  }
}
