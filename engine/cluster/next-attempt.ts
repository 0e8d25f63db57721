import type { JobRecovery, JobStart } from "./job-recovery.ts";
import type { Failure } from "./messages.ts";

/** A store that does not work now may do so in a moment: how often and after what pause it is asked again, µs. */
const MAX_SEARCHES = 200;
const SEARCH_AGAIN_US = 100_000;

interface NextAttemptParts {
  readonly recovery: JobRecovery;
  /** Its number, unless that was used before. */
  readonly proposed: number;
  after(delayUs: number, callback: () => void): void;
  /** Something has changed: look again. */
  onChange(): void;
  onFailure(failure: Failure): void;
}

/**
 * What must be known or over before the next attempt of a job can be deployed, besides tasks and workers: the delay of its restart
 * strategy, what was under way of the last attempt's checkpoints, and then the place to begin.
 */
export class NextAttempt {
  readonly #parts: NextAttemptParts;
  #delayed: boolean;
  #settled = false;
  #searching = false;
  #start: JobStart | null = null;
  #abandoned = false;
  #searches = 0;

  constructor(delayUs: number, parts: NextAttemptParts) {
    this.#parts = parts;
    this.#delayed = delayUs > 0;
    if (this.#delayed) {
      parts.after(delayUs, () => {
        this.#delayed = false;
        this.#tell();
      });
    }
    parts.recovery.onStopped(() => {
      this.#settled = true;
      this.#tell();
    });
  }

  /** Where it begins; null: not known yet. To be asked when all tasks of the last attempt have ended. */
  get start(): JobStart | null {
    if (this.#settled && !this.#searching) this.#search();
    return this.#delayed ? null : this.#start;
  }

  get isPlaceKnown(): boolean {
    return this.#start !== null;
  }

  /** There will be none. */
  abandon(): void {
    this.#abandoned = true;
  }

  #search(): void {
    this.#searching = true;
    this.#searches++;
    let answersLater = false;
    this.#parts.recovery.findStart(this.#parts.proposed, (failure, start) => {
      if (this.#abandoned) return;
      this.#start = start;
      if (failure !== null) this.#onFailure(failure);
      else if (answersLater) this.#tell();
    });
    answersLater = true;
  }

  /** Only what is known to be lost is a reason to give up. */
  #onFailure(failure: Failure): void {
    const isStores = failure.code === "checkpoint-failed";
    if (!isStores || this.#searches === MAX_SEARCHES) {
      this.#parts.onFailure(failure);
      return;
    }
    this.#parts.after(SEARCH_AGAIN_US, () => {
      if (!this.#abandoned) this.#search();
    });
  }

  #tell(): void {
    if (!this.#abandoned) this.#parts.onChange();
  }
}
