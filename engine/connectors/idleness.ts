import type { Clock, Timer, Timers } from "../ports.ts";

interface IdlenessSettings {
  /** A partition without records for so long is idle, µs. 0: none ever is. */
  readonly timeoutUs: number;
  readonly partitions: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Some partition has become idle. */
  readonly onIdle: () => void;
}

/**
 * Which partitions of a source are idle: they have had no records for the timeout, while the source was reading, and do not hold back
 * the watermark until they have some. Time in which the source is paused does not count: then nobody knows what a partition has.
 */
export class Idleness {
  readonly #settings: IdlenessSettings;
  readonly #activeUs: Float64Array;
  readonly #idle: Uint8Array;
  readonly #held: Uint8Array;
  #timer: Timer | null = null;
  #running = false;

  constructor(settings: IdlenessSettings) {
    this.#settings = settings;
    this.#activeUs = new Float64Array(settings.partitions);
    this.#idle = new Uint8Array(settings.partitions);
    this.#held = new Uint8Array(settings.partitions);
  }

  isIdle(partition: number): boolean {
    return this.#idle[partition] === 1;
  }

  get all(): boolean {
    return this.#idle.every((idle) => idle === 1);
  }

  /** Reading begins, or goes on after `stop`: all partitions that are not idle have the whole timeout from now. */
  start(): void {
    if (this.#settings.timeoutUs === 0) return;
    this.#running = true;
    this.#activeUs.fill(this.#settings.clock.nowUs());
    this.#arm();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The partition has had records. */
  onRecords(partition: number): void {
    if (this.#settings.timeoutUs === 0) return;
    this.#idle[partition] = 0;
    this.#activeUs[partition] = this.#settings.clock.nowUs();
    this.#arm();
  }

  /** The partition is not read for a while (true), or again: as `stop` and `start`, for one. */
  hold(partition: number, held: boolean): void {
    if (this.#settings.timeoutUs === 0) return;
    this.#held[partition] = held ? 1 : 0;
    this.#activeUs[partition] = this.#settings.clock.nowUs();
    this.#arm();
  }

  /** One timer, for the partition that would be idle first when it was set. */
  #arm(): void {
    if (this.#timer !== null || !this.#running) return;
    const nextUs = this.#nextUs();
    if (nextUs === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#settings;
    this.#timer = timers.after(Math.max(0, nextUs - clock.nowUs()), () => {
      this.#timer = null;
      this.#onTimer();
    });
  }

  /** When the first of the partitions that are not idle would become so. */
  #nextUs(): number {
    let earliestUs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#idle.length; i++) {
      if (this.#idle[i] === 0 && this.#held[i] === 0) earliestUs = Math.min(earliestUs, this.#activeUs[i]!);
    }
    return earliestUs + this.#settings.timeoutUs;
  }

  #onTimer(): void {
    const dueUs = this.#settings.clock.nowUs() - this.#settings.timeoutUs;
    let some = false;
    for (let i = 0; i < this.#idle.length; i++) {
      if (this.#idle[i] === 1 || this.#held[i] === 1 || this.#activeUs[i]! > dueUs) continue;
      this.#idle[i] = 1;
      some = true;
    }
    this.#arm();
    if (some) this.#settings.onIdle();
  }
}
