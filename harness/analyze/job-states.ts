import type { JobStateRecord } from "../systems/system.ts";
import { readJsonLines } from "./results-folder.ts";

/** In the order of time; [] where the system under test tells none. */
export function readJobStates(file: string): readonly JobStateRecord[] {
  return readJsonLines<JobStateRecord>(file).sort((a, b) => a.atUs - b.atUs);
}

/** When the job first began anew, monotonic µs; infinity: never, or the system under test tells no states. */
export function firstRestartUs(states: readonly JobStateRecord[]): number {
  return states.find(({ state }) => state === "restarting")?.atUs ?? Number.POSITIVE_INFINITY;
}

/** Steps of one recovery by the job's own account, monotonic µs. */
export interface RecoverySteps {
  readonly detectedUs: number | null;
  readonly deployingUs: number | null;
  readonly runningUs: number | null;
}

/**
 * The recovery that follows a fault struck at `struckUs`: from the first sign of trouble before `untilUs` to the first time that the query
 * runs again. Attempts that broke on the way are part of it: `deployingUs` is of the one that came through.
 */
export function recoveryAfter(states: readonly JobStateRecord[], struckUs: number, untilUs: number): RecoverySteps {
  const isTrouble = ({ state }: JobStateRecord) => state === "restarting" || state === "failing" || state === "failed";
  const from = states.findIndex((one) => isTrouble(one) && one.atUs >= struckUs && one.atUs < untilUs);
  if (from < 0) return { detectedUs: null, deployingUs: null, runningUs: null };
  const after = states.slice(from);
  const running = after.findIndex(({ state }) => state === "running");
  const way = running < 0 ? after : after.slice(0, running);
  return {
    detectedUs: states[from]!.atUs,
    deployingUs: way.findLast(({ state }) => state === "deploying")?.atUs ?? null,
    runningUs: running < 0 ? null : after[running]!.atUs,
  };
}

/** So long after a fault was undone and the query ran again a failure may still be a consequence: a process that was given up finds out. */
const AFTERMATH_US = 10_000_000;

/**
 * Restarts that began while nothing was broken, nor had been shortly before: nobody planned them. `faults`: each from its strike until it was
 * undone, noticed and recovered from. A restart that follows a planned one at once belongs to that.
 */
export function unplannedRestarts(
  states: readonly JobStateRecord[],
  faults: readonly { readonly fromUs: number; readonly toUs: number }[],
): readonly JobStateRecord[] {
  let plannedUntilUs = Number.NEGATIVE_INFINITY;
  return states.filter(({ state, atUs }, place) => {
    if (state !== "restarting") return false;
    const isOfFault = faults.some(({ fromUs, toUs }) => atUs >= fromUs && atUs <= toUs + AFTERMATH_US);
    if (!isOfFault && atUs > plannedUntilUs) return true;
    const again = states.slice(place).find((later) => later.state === "running");
    plannedUntilUs = (again?.atUs ?? Number.POSITIVE_INFINITY) + AFTERMATH_US;
    return false;
  });
}
