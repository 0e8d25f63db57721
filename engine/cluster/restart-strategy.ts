import { FaultlineError } from "../../base/errors.ts";
import type { Clock, RandomSource } from "../ports.ts";
import type { RestartStrategy } from "./job-spec.ts";
import type { Failure } from "./messages.ts";

export type RestartDecision =
  | { readonly kind: "fail"; readonly failure: Failure }
  | { readonly kind: "restart"; readonly delayUs: number };

/** Resolution of the jitter. */
const JITTER_STEPS = 1_000_000;

/** Longest a restart may take from the end of its delay to the new deployment: tasks must end and a worker must be there. */
export const RESTART_TIMEOUT_US = 30_000_000;

/** A job that cannot be built, that asks for what the log does not do, or whose output the log has thrown away fails the same way each time. */
const HOPELESS: readonly string[] = ["job-invalid", "kafka-unsupported", "transaction-lost"];

/** What follows each failure of one job, by its restart strategy. The one place where that is decided. */
export class RestartDecider {
  readonly #strategy: RestartStrategy;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  #restarts = 0;
  /** When it was restarted: the last `maxFailures` times, oldest first. */
  #recentUs: number[] = [];
  /** Next delay of `exponential-delay`, before jitter. */
  #delayUs = 0;
  /** Since when it runs; null: it does not. */
  #runningUs: number | null = null;

  constructor(strategy: RestartStrategy, world: { readonly clock: Clock; readonly random: RandomSource }) {
    this.#strategy = strategy;
    this.#clock = world.clock;
    this.#random = world.random;
  }

  /** An attempt runs. */
  onRunning(): void {
    this.#runningUs = this.#clock.nowUs();
  }

  onFailure(failure: Failure): RestartDecision {
    const delayUs = HOPELESS.includes(failure.code) ? null : this.#nextDelayUs();
    this.#runningUs = null;
    if (delayUs !== null) {
      this.#restarts++;
      return { kind: "restart", delayUs };
    }
    if (this.#restarts === 0) return { kind: "fail", failure };
    const message = `${failure.message} (given up after ${this.#restarts} restart${this.#restarts === 1 ? "" : "s"})`;
    return { kind: "fail", failure: { ...failure, message } };
  }

  /** null: no more restarts. */
  #nextDelayUs(): number | null {
    const strategy = this.#strategy;
    switch (strategy.kind) {
      case "none":
        return null;
      case "fixed-delay":
        return this.#restarts < strategy.attempts ? strategy.delayUs : null;
      case "failure-rate":
        return this.#isWithinRate(strategy) ? strategy.delayUs : null;
      case "exponential-delay":
        return this.#exponentialDelayUs(strategy);
    }
  }

  /** At most `maxFailures` within any `intervalUs` are followed by a restart. */
  #isWithinRate(strategy: Extract<RestartStrategy, { readonly kind: "failure-rate" }>): boolean {
    const nowUs = this.#clock.nowUs();
    this.#recentUs = this.#recentUs.filter((timeUs) => nowUs - timeUs < strategy.intervalUs);
    if (this.#recentUs.length >= strategy.maxFailures) return false;
    this.#recentUs.push(nowUs);
    return true;
  }

  #exponentialDelayUs(strategy: Extract<RestartStrategy, { readonly kind: "exponential-delay" }>): number {
    const { initialUs, maxUs, multiplier, resetUs, jitter } = strategy;
    const wasHealthy = this.#runningUs !== null && this.#clock.nowUs() - this.#runningUs >= resetUs;
    if (this.#restarts === 0 || wasHealthy) this.#delayUs = initialUs;
    const delayUs = Math.min(this.#delayUs, maxUs);
    this.#delayUs = Math.min(delayUs * multiplier, maxUs);
    const swing = (this.#random.below(JITTER_STEPS + 1) / JITTER_STEPS) * 2 - 1;
    return Math.max(0, Math.round(delayUs * (1 + swing * jitter)));
  }
}

/** Why a job that was to start again has not: `open` tasks have not ended, or what is `missing`; `reason` is what made it necessary. */
export function restartTimedOut(open: readonly string[], missing: string, reason: string): FaultlineError {
  const why = open.length > 0 ? `tasks have not ended: ${open.join(", ")}` : missing;
  const limit = `no restart within ${RESTART_TIMEOUT_US / 1e6} s`;
  return new FaultlineError("job-failed", `${limit}, ${why}; it was needed because ${reason}`);
}
