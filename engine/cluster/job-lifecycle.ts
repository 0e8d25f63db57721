import type { Attempts } from "./attempts.ts";
import { isActive, isTerminal, type JobEffects } from "./job-effects.ts";
import type { Failure, JobState } from "./messages.ts";

/**
 * The states of a job, and what entering one means for its attempts and its recovery:
 *
 *     created → deploying → running → (draining) → finished
 *     any of the middle ones → failing → failed, and → cancelling → cancelled
 *     any of the middle ones → restarting → deploying … as the next attempt, on the workers that are there then, from where its
 *     recovery says
 *
 * It leaves `failing`, `cancelling` and `restarting` when every task has ended or its worker is lost: two attempts never run at once.
 */
export class JobLifecycle {
  readonly #attempts: Pick<Attempts, "abandon" | "isResolved" | "recovery">;
  readonly #effects: Pick<JobEffects, "transition">;
  #state: JobState = "created";
  #failure: Failure | null = null;

  constructor(
    attempts: Pick<Attempts, "abandon" | "isResolved" | "recovery">,
    effects: Pick<JobEffects, "transition">,
  ) {
    this.#attempts = attempts;
    this.#effects = effects;
  }

  get state(): JobState {
    return this.#state;
  }

  /** What it has failed of, or restarts after. */
  get failure(): Failure | null {
    return this.#failure;
  }

  get ended(): boolean {
    return isTerminal(this.#state);
  }

  /** Tasks run, or begin to, and are to go on. */
  get isActive(): boolean {
    return isActive(this.#state);
  }

  /** `failure`: the present one if not given. */
  enter(state: JobState, failure: Failure | null = this.#failure): void {
    const { recovery } = this.#attempts;
    this.#state = state;
    this.#failure = failure;
    if (state !== "restarting") this.#attempts.abandon();
    if (state === "failing" || state === "cancelling") recovery?.onStopped(() => {});
    else if (this.ended) recovery?.onStopped(() => recovery.onEnded(state === "finished" || this.#attempts.isResolved));
    this.#effects.transition(state, failure);
  }
}
