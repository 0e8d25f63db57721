import { setImmediate as immediate, setTimeout as timeout } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";
import type { PaceTimers } from "./pace.ts";

/** Below this, a timer of the event loop (whole milliseconds, rounded up) is too coarse, µs. */
const SHORT_US = 1_500;
/** How early a timer of the event loop is set, because it fires late, µs. */
const EARLY_US = 1_000;

const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waiting precise to about 60 µs without burning the core: long waits are timers of the event loop, the short rest blocks the
 * thread in the kernel and then lets input and output happen.
 */
export const realTimers: PaceTimers = {
  now: monotonicUs,
  async sleep(us) {
    if (us >= SHORT_US) {
      await timeout(Math.floor((us - EARLY_US) / 1000) || 1);
      return;
    }
    Atomics.wait(cell, 0, 0, us / 1000);
    await immediate();
  },
  async turn() {
    await immediate();
  },
};
