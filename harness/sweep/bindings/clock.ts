import { constants, setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import { systemCode } from "../../../base/errors.ts";

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

/** The niceness that the process has now; where raising its priority is not permitted, the normal one. */
export function raisePriority(pid: number): number | null {
  try {
    setPriority(pid, INSTRUMENT_NICENESS);
    return INSTRUMENT_NICENESS;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "ERR_SYSTEM_ERROR" || code === "EACCES" || code === "EPERM") return constants.priority.PRIORITY_NORMAL;
    return null;
  }
}
