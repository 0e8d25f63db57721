import { join } from "node:path";
import type { JobShape } from "../systems/job-shape.ts";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";

/**
 * Keeps what the system has told of its query's states and checkpoints, and of its replicas where it has some, one JSON line each; no file
 * where it does not tell.
 */
export async function writeHistory(
  rawDirectory: string,
  deployment: Deployment,
  { replicated }: Pick<JobShape, "replicated">,
): Promise<void> {
  const history = deployment.history?.();
  if (history === undefined) return;
  await writeAtomically(join(rawDirectory, "job-states.jsonl"), jsonLines(history.states));
  await writeAtomically(join(rawDirectory, "checkpoints.jsonl"), jsonLines(history.checkpoints));
  if (replicated) await writeAtomically(join(rawDirectory, "replica-losses.jsonl"), jsonLines(history.replicaLosses));
}

function jsonLines(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
