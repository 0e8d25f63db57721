import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import { setNiceness } from "../../services/priority.ts";

/** More niceness means less of the processor; the instrument gets this. */
const INSTRUMENT_NICENESS = -5;

/**
 * Monotonic − wall clock, µs. The wall clock has milliseconds only, so this waits (at most one of them, busily) for its next
 * tick and reads the monotonic clock then.
 */
export function clockOffsetUs(): number {
  const before = wallClockMs();
  let tick = before;
  while (tick === before) tick = wallClockMs();
  return monotonicUs() - tick * 1000;
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
  }
}

/** Gives the instrument's process a higher priority; returns the niceness it has now, the normal one where raising is not permitted. */
export function raisePriority(pid: number): number {
  return setNiceness(pid, INSTRUMENT_NICENESS) ? INSTRUMENT_NICENESS : constants.priority.PRIORITY_NORMAL;
}
