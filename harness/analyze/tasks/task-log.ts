import { FaultlineError } from "../../../base/errors.ts";
import type { TaskLogHeader, TaskLook } from "../../sweep/task-watch.ts";
import { readJsonLines } from "../results-folder.ts";

/** What was seen of a run's tasks, in time order. */
export interface TaskLog {
  readonly header: TaskLogHeader;
  readonly looks: readonly TaskLook[];
}

/** null: the system told nothing of its tasks. Throws `results-unreadable`. */
export function readTaskLog(file: string): TaskLog | null {
  const [header, ...looks] = readJsonLines<TaskLogHeader | TaskLook>(file);
  if (header === undefined) return null;
  if (!("version" in header) || header.version !== 1) {
    throw new FaultlineError("results-unreadable", `${file} does not begin with a header of version 1`);
  }
  return { header, looks: (looks as TaskLook[]).sort((a, b) => a.atUs - b.atUs) };
}
