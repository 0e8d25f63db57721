import { clockOffsetUs, monotonicUs } from "../../base/clock.ts";
import type { Clock, Timer, Timers } from "../ports.ts";

/** Below this remainder the loop is turned instead of armed anew: a timer of the machine sleeps at least 1 ms. */
const TURN_BELOW_US = 200;

export const machineClock: Clock = { nowUs: monotonicUs, epochOffsetUs: -clockOffsetUs() };

/**
 * Timers of the machine. They have whole milliseconds and count from the start of the loop's turn, so one can be early: it is armed
 * again for what is missing. Short delays therefore last about 1 ms and cost no CPU.
 */
export const machineTimers: Timers = {
  after(delayUs, callback) {
    return new MachineTimer(monotonicUs() + delayUs, callback);
  },
  soon(callback) {
    setImmediate(callback);
  },
};

class MachineTimer implements Timer {
  readonly #dueUs: number;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  constructor(dueUs: number, callback: () => void) {
    this.#dueUs = dueUs;
    this.#callback = callback;
    this.#arm(dueUs - monotonicUs());
  }

  #arm(missingUs: number): void {
    if (missingUs < TURN_BELOW_US) this.#immediate = setImmediate(() => this.#check());
    else this.#timeout = setTimeout(() => this.#check(), Math.ceil(missingUs / 1000));
  }

  #check(): void {
    const missingUs = this.#dueUs - monotonicUs();
    if (missingUs > 0) this.#arm(missingUs);
    else this.#callback();
  }

  cancel(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
  }
}
