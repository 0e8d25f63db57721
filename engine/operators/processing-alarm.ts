import { present } from "../../base/assert.ts";
import type { Timer } from "../ports.ts";
import type { OperatorContext } from "./operator.ts";

/** Wakes an operator at a processing time: one timer of the world at a time, the earliest that was asked for. */
export class ProcessingAlarm {
  readonly #nowUs: () => number;
  readonly #after: (delayUs: number, callback: () => void) => Timer;
  readonly #wake: (nowMs: number) => void;
  #timer: Timer | null = null;
  #atMs = Number.POSITIVE_INFINITY;
  #started = false;

  /** `context`: of an operator whose node declares `processingTime`. */
  constructor(context: OperatorContext, wake: (nowMs: number) => void) {
    this.#nowUs = present(context.processingTimeUs, "the declared processing time");
    this.#after = present(context.after, "timers");
    this.#wake = wake;
    present(context.control, "control of the chain").onStart(() => {
      this.#started = true;
      this.#set();
    });
  }

  /** Epoch ms, whole ones that have passed. */
  get nowMs(): number {
    return Math.floor(this.#nowUs() / 1000);
  }

  /** Calls back when the clock has reached `timeMs`; +Infinity: never. Earlier calls that were asked for stay. */
  wakeAt(timeMs: number): void {
    if (timeMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = timeMs;
    if (this.#started) this.#set();
  }

  /** Calls back no more for what was asked for so far. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  #set(): void {
    if (this.#atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#after(Math.max(0, this.#atMs * 1000 - this.#nowUs()), () => {
      this.#timer = null;
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#wake(this.nowMs);
    });
  }
}
