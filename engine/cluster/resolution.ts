import type { Attempt } from "./attempt.ts";
import type { JobRecovery, JobStart } from "./job-recovery.ts";
import { NextAttempt } from "./next-attempt.ts";

/** Longest that a job's end waits for it, µs. */
const RESOLVE_TIMEOUT_US = 10_000_000;

interface ResolutionParts {
  readonly recovery: JobRecovery;
  readonly proposed: number;
  after(delayUs: number, callback: () => void): void;
  /** Makes the attempt; throws when it cannot be placed. */
  make(start: JobStart): Attempt;
  /** Something has changed: look again. */
  onChange(): void;
}

/**
 * What follows the last attempt of a job that ends before its time, when its sinks write transactions: one more attempt whose tasks do
 * not run. Its sinks begin where a restart would: they commit what the newest complete checkpoint has prepared, and then abort what all
 * attempts, also those on lost workers, have left open, which would hide all that others write to the same log until it times out.
 */
export class Resolution {
  readonly #parts: ResolutionParts;
  readonly #next: NextAttempt;
  #attempt: Attempt | null = null;
  #isOver = false;
  #isResolved = false;

  constructor(parts: ResolutionParts) {
    this.#parts = parts;
    const { recovery, proposed, after, onChange } = parts;
    let isMade = false;
    const onFailure = () => this.#giveUp();
    // Who makes this looks at it right afterwards.
    const onNews = () => {
      if (isMade) onChange();
    };
    this.#next = new NextAttempt(0, { recovery, proposed, after, onChange: onNews, onFailure });
    after(RESOLVE_TIMEOUT_US, () => this.#giveUp());
    isMade = true;
  }

  /** The attempt, while it goes on. */
  get attempt(): Attempt | null {
    return this.#isOver ? null : this.#attempt;
  }

  /** Nothing is left open, and nothing that was to be committed is not. */
  get isResolved(): boolean {
    return this.#isResolved;
  }

  /** Does what can be done now; true when it is over, with success or without. `hasWorkers`: somebody is there to do it. */
  advance(hasWorkers: boolean): boolean {
    if (this.#isOver) return true;
    if (this.#attempt === null) this.#begin(hasWorkers);
    else if (this.#attempt.tasks.open.length === 0) {
      this.#isOver = true;
      this.#isResolved = this.#attempt.tasks.allFinished;
    }
    return this.#isOver;
  }

  /** Some worker has built its tasks, or is lost. */
  onDeployed(): void {
    if (this.attempt?.isDeployed === true) this.attempt.order({ type: "resolve" });
  }

  #begin(hasWorkers: boolean): void {
    const start = hasWorkers ? this.#next.start : null;
    if (start === null) {
      this.#isOver = !hasWorkers;
      return;
    }
    try {
      // What a complete checkpoint has prepared is not touched when that cannot be read.
      if (!this.#parts.recovery.covers(start)) this.#isOver = true;
      else this.#attempt = this.#parts.make(start);
    } catch {
      // Nobody can run its tasks: what is left open ends with its timeout.
      this.#isOver = true;
    }
    this.#attempt?.deploy();
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.#attempt?.order({ type: "cancel" });
    this.#next.abandon();
    this.#isOver = true;
    this.#parts.onChange();
  }
}
