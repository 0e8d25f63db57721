import type { JobRecovery, JobStart } from "./job-recovery.ts";
import type { Failure } from "./messages.ts";

interface NextAttemptParts {
  readonly recovery: JobRecovery;
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

  /** There will be none. */
  abandon(): void {
    this.#abandoned = true;
  }

  #search(): void {
    this.#searching = true;
    let answersLater = false;
    this.#parts.recovery.findStart((failure, start) => {
      if (this.#abandoned) return;
      this.#start = start;
      if (failure !== null) this.#parts.onFailure(failure);
      else if (answersLater) this.#tell();
    });
    answersLater = true;
  }

  #tell(): void {
    if (!this.#abandoned) this.#parts.onChange();
  }
}
