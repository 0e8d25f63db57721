import type { TaskCounters } from "../../engine/cluster/messages.ts";
import { type JobShape, taskName } from "../systems/job-shape.ts";
import type { FaultRecord, FaultVictim } from "./model.ts";

/** The system's counters at one look. */
export interface Reading {
  readonly atUs: number;
  readonly tasks: readonly TaskCounters[];
}

/** Two looks before a strike; null where the system had no counters to show, as a job that is just starting anew. */
export interface Looks {
  readonly before: Reading | null;
  readonly after: Reading | null;
}

/** Looks now; null where the system shows no counters within `limitMs`. */
export async function readCounters(
  parts: {
    monotonicUs(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
    counters(): Promise<readonly TaskCounters[]>;
  },
  limitMs: number,
): Promise<Reading | null> {
  const atUs = parts.monotonicUs();
  const over = new AbortController();
  // A job that is just starting anew has no counters: then nothing is known of the victim.
  const counted = parts.counters().then(
    (tasks) => ({ atUs, tasks }),
    () => null,
  );
  const late = parts.sleep(limitMs, over.signal).then(() => null);
  const reading = await Promise.race([counted, late]);
  over.abort();
  return reading;
}

/** What the process of this name was doing; null: not known. */
export function victimOf(
  { before, after }: Looks,
  name: string,
  vertices: JobShape["vertices"] = {},
): FaultVictim | null {
  if (before === null || after === null) return null;
  const own = ({ tasks }: Reading) => tasks.filter(({ worker }) => worker === name);
  const records = (reading: Reading) => recordsOf(own(reading));
  return {
    tasks: own(after).map(({ vertex, subtask }) => taskName(vertices, vertex, subtask)),
    recordsIn: records(after),
    recordsJustBefore: records(after) - records(before),
    overMs: Math.round((after.atUs - before.atUs) / 1000),
  };
}

/** What the tasks of these vertices, the query's sources, had read at the last look. */
export function inputReadAt(
  { after }: Looks,
  sources: readonly string[],
  faultUs: number,
): NonNullable<FaultRecord["inputRead"]> | null {
  if (after === null) return null;
  const events = recordsOf(after.tasks.filter(({ vertex }) => sources.includes(vertex)));
  return { events, beforeMs: Math.round((faultUs - after.atUs) / 1000) };
}

function recordsOf(tasks: readonly TaskCounters[]): number {
  return tasks.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
}
