import { FaultlineError } from "../../base/errors.ts";
import { limitTime, type Sleep } from "./time-limit.ts";

/** How long one thing may take to stop before the rest is stopped without it, ms. */
const STOP_LIMIT_MS = 20_000;

/** What was started and must be stopped, last first. A failure to stop one does not keep the others running. */
export class Cleanup {
  readonly #sleep: Sleep;
  readonly #steps: { readonly what: string; readonly stop: () => Promise<void> }[] = [];

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  add(what: string, stop: () => Promise<void>): void {
    this.#steps.push({ what, stop });
  }

  /**
   * Starts something and remembers to stop it, also when nobody waits for the start any more: `stop` then waits for its outcome.
   * What failed to start is not stopped.
   */
  own<T>(what: string, start: () => Promise<T>, stop: (started: T) => Promise<void>): Promise<T> {
    const starting = start();
    const outcome = starting.then(
      (value) => ({ value }),
      () => null, // the caller of `own` gets the error
    );
    this.add(what, async () => {
      const started = await outcome;
      if (started !== null) await stop(started.value);
    });
    return starting;
  }

  /** Stops everything once, in reverse order; returns what went wrong. */
  async run(): Promise<readonly FaultlineError[]> {
    const errors: FaultlineError[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { what, stop } = step;
      try {
        await limitTime(stop(), STOP_LIMIT_MS, `stopping ${what}`, this.#sleep);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        errors.push(new FaultlineError("run-failed", `could not stop ${what} cleanly: ${why}`, { cause: error }));
      }
    }
    return errors;
  }
}
