import type { CheckpointSettings } from "../cluster/job-spec.ts";

/** Pause before what has failed and cannot wait for the interval is tried again, µs; longer where `minPauseUs` is. */
const RETRY_US = 100_000;

/** When the next checkpoint is due. All times µs; Infinity: never. Pure. */
export class CheckpointSchedule {
  readonly #settings: CheckpointSettings;
  #periodicUs = Number.POSITIVE_INFINITY;
  #pausedUntilUs = 0;
  #retryUs = 0;

  constructor(settings: CheckpointSettings) {
    this.#settings = settings;
  }

  /** The tasks run: the first one comes an interval later. */
  begin(nowUs: number): void {
    this.#pausedUntilUs = 0;
    this.#retryUs = 0;
    this.onTriggered(nowUs);
  }

  onTriggered(nowUs: number): void {
    const { intervalUs } = this.#settings;
    this.#periodicUs = intervalUs > 0 ? nowUs + intervalUs : Number.POSITIVE_INFINITY;
  }

  /** One has ended, well or not. */
  onEnded(nowUs: number): void {
    this.#pausedUntilUs = nowUs + this.#settings.minPauseUs;
  }

  onFailed(nowUs: number): void {
    this.onEnded(nowUs);
    this.#retryUs = nowUs + Math.max(this.#settings.minPauseUs, RETRY_US);
  }

  periodicUs(): number {
    return Math.max(this.#periodicUs, this.#pausedUntilUs, this.#retryUs);
  }

  /** For the one after all tasks have ended: it waits for no interval. */
  finalUs(): number {
    return this.#retryUs;
  }
}
