import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Clock, Timer, Timers } from "../ports.ts";
import { Idleness } from "./idleness.ts";

interface SourceWatermarkSettings {
  readonly partitions: number;
  /** Watermark = largest event time − this. */
  readonly delayMs: number;
  /** Least time between two watermarks, unless one is the last; µs. */
  readonly intervalUs: number;
  /** See `Idleness`; 0: no partition ever is idle. */
  readonly idleTimeoutUs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Runs work that a timer has caused. */
  readonly step: (work: () => void) => void;
  readonly advanceWatermark: (timeMs: number) => void;
  readonly setIdle: (idle: boolean) => void;
}

/**
 * Watermarks of a source instance: the minimum over its partitions of (largest event time − delay); a partition without event holds it
 * back, unless it is idle. They leave when they are offered or, when the last one is less than the interval ago, by timer.
 */
export class SourceWatermarks {
  readonly #settings: SourceWatermarkSettings;
  /** Largest event time of each partition. */
  readonly latestMs: Float64Array;
  readonly #idleness: Idleness;
  #timer: Timer | null = null;
  #emittedMs = Number.NEGATIVE_INFINITY;
  #emittedAtUs = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** What the host was told last. */
  #idle = false;

  constructor(settings: SourceWatermarkSettings) {
    this.#settings = settings;
    const { partitions, idleTimeoutUs, clock, timers, step } = settings;
    this.latestMs = new Float64Array(partitions).fill(Number.NEGATIVE_INFINITY);
    const onIdle = () => step(() => this.#onIdle());
    this.#idleness = new Idleness({ timeoutUs: idleTimeoutUs, partitions, clock, timers, onIdle });
  }

  /** Has the host been told that all partitions are idle? */
  get idle(): boolean {
    return this.#idle;
  }

  isIdle(partition: number): boolean {
    return this.#idleness.isIdle(partition);
  }

  /** The partition is not read for a while (true), or again: that does not make it idle. */
  hold(partition: number, held: boolean): void {
    this.#idleness.hold(partition, held);
  }

  /** Reading begins, or goes on. */
  resume(): void {
    this.#idleness.start();
  }

  /** Nothing is read for now. */
  pause(): void {
    this.#idleness.stop();
  }

  close(): void {
    this.#closed = true;
    this.#idleness.stop();
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Records of a partition are here, their rows not yet handed on. */
  beforeRows(partition: number): void {
    this.#idleness.onRecords(partition);
    if (this.#idle) this.#tellIdle(false);
  }

  /** Their rows have been handed on; `latestMs` is the largest event time among them. */
  afterRows(partition: number, latestMs: number): void {
    this.latestMs[partition] = Math.max(this.latestMs[partition]!, latestMs);
  }

  /** Emits the watermark if it has advanced, now or when the interval has passed. */
  offer(): void {
    if (this.#timer !== null || this.#currentMs() <= this.#emittedMs) return;
    const { clock, timers, intervalUs, step } = this.#settings;
    const nowUs = clock.nowUs();
    const dueUs = this.#emittedAtUs + intervalUs;
    if (nowUs >= dueUs) this.#emit(nowUs);
    else {
      this.#timer = timers.after(dueUs - nowUs, () => {
        this.#timer = null;
        step(() => this.#emit(clock.nowUs()));
      });
    }
  }

  /** The watermark emitted last, and whether all partitions are idle; the partitions' times are the source's to save. */
  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#emittedMs);
    writer.u8(this.#idle ? 1 : 0);
  }

  /** `emitted`: what each snapshot holds (`read`); the smallest watermark counts. */
  restore(emitted: readonly { readonly watermarkMs: number; readonly idle: boolean }[]): void {
    if (emitted.length === 0) return;
    this.#emittedMs = Math.min(...emitted.map(({ watermarkMs }) => watermarkMs));
    this.#idle = emitted.every(({ idle }) => idle);
  }

  /** Reads what `snapshot` wrote. */
  static read(reader: SnapshotReader): { readonly watermarkMs: number; readonly idle: boolean } {
    return { watermarkMs: reader.f64(), idle: reader.u8() === 1 };
  }

  /** Of the partitions that are not idle; that emitted last when all are. */
  #currentMs(): number {
    let minimum = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.latestMs.length; i++) {
      if (!this.#idleness.isIdle(i)) minimum = Math.min(minimum, this.latestMs[i]!);
    }
    return minimum === Number.POSITIVE_INFINITY ? this.#emittedMs : minimum - this.#settings.delayMs;
  }

  #emit(nowUs: number): void {
    const timeMs = this.#currentMs();
    // A partition that was idle may be back with older events.
    if (this.#closed || timeMs <= this.#emittedMs) return;
    this.#emittedMs = timeMs;
    this.#emittedAtUs = nowUs;
    this.#settings.advanceWatermark(timeMs);
  }

  #onIdle(): void {
    if (this.#closed) return;
    if (!this.#idleness.all) this.offer();
    else if (!this.#idle) this.#tellIdle(true);
  }

  #tellIdle(idle: boolean): void {
    this.#idle = idle;
    this.#settings.setIdle(idle);
  }
}
