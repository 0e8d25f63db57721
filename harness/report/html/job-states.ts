import type { JobStateRecord } from "../../systems/system.ts";
import { integer, moment } from "../format.ts";
import { type Markup, table } from "./markup.ts";

/** Transitions that are listed. */
const MOST = 60;

/** The job's states as its coordinator saw them; null where none are known. `startUs`: when event 0 was due. */
export function jobStateTable(states: readonly JobStateRecord[], startUs: number): Markup | null {
  if (states.length === 0) return null;
  return table<JobStateRecord>(
    [
      { title: "at", numeric: true, cell: ({ atUs }) => moment((atUs - startUs) / 1000) },
      { title: "state", cell: ({ state }) => state.toUpperCase() },
      { title: "attempt", numeric: true, cell: ({ attempt }) => integer(attempt) },
      { title: "from checkpoint", numeric: true, cell: ({ restored }) => (restored === null ? "" : integer(restored)) },
      { title: "cause", cell: ({ cause }) => cause ?? "" },
    ],
    states.slice(0, MOST),
    `States of the job, from when the first event was due${states.length > MOST ? `; the first ${MOST} of ${integer(states.length)}` : ""}.`,
  );
}
