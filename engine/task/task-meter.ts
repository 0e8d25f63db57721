import type { Clock } from "../ports.ts";

/** Time that a task works and time that its output keeps it from working, µs. */
export class TaskMeter {
  readonly #clock: Clock;
  #beganUs = 0;
  #blockedSinceUs: number | null = null;
  #busyUs = 0;
  #longestStepUs = 0;
  #blockedUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get times(): { readonly busyUs: number; readonly blockedUs: number } {
    return { busyUs: this.#busyUs, blockedUs: this.#allBlockedUs };
  }

  get longestStepUs(): number {
    return this.#longestStepUs;
  }

  /** Includes a blockage that lasts. */
  get #allBlockedUs(): number {
    return this.#blockedUs + (this.#blockedSinceUs === null ? 0 : this.#clock.nowUs() - this.#blockedSinceUs);
  }

  beginStep(): void {
    this.#beganUs = this.#clock.nowUs();
  }

  endStep(): void {
    const tookUs = this.#clock.nowUs() - this.#beganUs;
    this.#busyUs += tookUs;
    if (tookUs > this.#longestStepUs) this.#longestStepUs = tookUs;
  }

  /** true: this has changed. */
  setBlocked(blocked: boolean): boolean {
    if (blocked === (this.#blockedSinceUs !== null)) return false;
    if (!blocked) this.#blockedUs = this.#allBlockedUs;
    this.#blockedSinceUs = blocked ? this.#clock.nowUs() : null;
    return true;
  }
}
