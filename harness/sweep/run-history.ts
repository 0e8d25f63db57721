import { join } from "node:path";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";

/** Keeps what the system has told of its query's states and checkpoints, one JSON line each; no file where it does not tell. */
export async function writeHistory(rawDirectory: string, deployment: Deployment): Promise<void> {
  const history = deployment.history?.();
  if (history === undefined) return;
  await writeAtomically(join(rawDirectory, "job-states.jsonl"), jsonLines(history.states));
  await writeAtomically(join(rawDirectory, "checkpoints.jsonl"), jsonLines(history.checkpoints));
}

function jsonLines(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
