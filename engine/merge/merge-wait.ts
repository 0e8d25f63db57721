import { present } from "../../base/assert.ts";
import type { Clock } from "../ports.ts";
import { Fifo } from "./fifo.ts";

/**
 * How long slices of records wait in a merge, per channel: from when they may be delivered (all before them on the channel have come) until
 * the last of their records is. One reading of the clock for each slice that comes and for each that goes; memory as the merge's queues.
 */
export class MergeWait {
  readonly #clock: Clock;
  readonly #waiting: readonly { readonly lasts: Fifo<number>; readonly sincesUs: Fifo<number> }[];
  readonly #sumUs: Float64Array;
  readonly #counts: Float64Array;
  readonly #maxUs: Float64Array;

  constructor(channels: number, clock: Clock) {
    this.#clock = clock;
    this.#waiting = Array.from({ length: channels }, () => ({ lasts: new Fifo(), sincesUs: new Fifo() }));
    this.#sumUs = new Float64Array(channels);
    this.#counts = new Float64Array(channels);
    this.#maxUs = new Float64Array(channels);
  }

  /** Records up to number `last` of the channel wait from now on. */
  onOffered(channel: number, last: number): void {
    const { lasts, sincesUs } = this.#waiting[channel]!;
    lasts.push(last);
    sincesUs.push(this.#clock.nowUs());
  }

  /** Records up to number `last` of the channel have been given; a merge may give less than it was offered at once. */
  onGiven(channel: number, last: number): void {
    const { lasts, sincesUs } = this.#waiting[channel]!;
    const first = lasts.peek();
    if (first === undefined || first > last) return;
    const nowUs = this.#clock.nowUs();
    for (let next = lasts.peek(); next !== undefined && next <= last; next = lasts.peek()) {
      lasts.shift();
      const waitedUs = nowUs - present(sincesUs.shift(), "time of a slice that waits");
      this.#sumUs[channel]! += waitedUs;
      this.#counts[channel]!++;
      this.#maxUs[channel] = Math.max(this.#maxUs[channel]!, waitedUs);
    }
  }

  /** `mergeWaitUs.<channel>` (sum), `mergeWaits.<channel>` (slices) and `mergeWaitMaxUs.<channel>`. */
  counters(): Record<string, number> {
    const counters: Record<string, number> = {};
    for (const channel of this.#counts.keys()) {
      counters[`mergeWaitUs.${channel}`] = this.#sumUs[channel]!;
      counters[`mergeWaits.${channel}`] = this.#counts[channel]!;
      counters[`mergeWaitMaxUs.${channel}`] = this.#maxUs[channel]!;
    }
    return counters;
  }
}
