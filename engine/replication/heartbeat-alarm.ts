import type { Clock, Timer, Timers } from "../ports.ts";

interface HeartbeatAlarmSettings {
  readonly clock: Clock;
  readonly timers: Timers;
  /** A silence of this length is told, µs. */
  readonly limitUs: number;
  readonly onSilence: (silentUs: number) => void;
}

/** Watches that heartbeats come: without them nothing moves in a replicated job. Tells each silence once. */
export class HeartbeatAlarm {
  readonly #settings: HeartbeatAlarmSettings;
  #latestUs = 0;
  #timer: Timer | null = null;
  #alarms = 0;

  constructor(settings: HeartbeatAlarmSettings) {
    this.#settings = settings;
  }

  counters(): Record<string, number> {
    return { heartbeatAlarms: this.#alarms };
  }

  start(): void {
    this.onHeartbeat();
  }

  onHeartbeat(): void {
    this.#latestUs = this.#settings.clock.nowUs();
    if (this.#timer === null) this.#arm(this.#settings.limitUs);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(delayUs: number): void {
    this.#timer = this.#settings.timers.after(delayUs, () => this.#onTimer());
  }

  /** Not armed again after an alarm: the next heartbeat does that. */
  #onTimer(): void {
    this.#timer = null;
    const silentUs = this.#settings.clock.nowUs() - this.#latestUs;
    if (silentUs < this.#settings.limitUs) {
      this.#arm(this.#settings.limitUs - silentUs);
      return;
    }
    this.#alarms++;
    this.#settings.onSilence(silentUs);
  }
}
