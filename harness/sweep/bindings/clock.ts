import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { setNiceness } from "../../services/priority.ts";

/** More niceness means less of the processor; the instrument gets this. */
const INSTRUMENT_NICENESS = -5;

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
