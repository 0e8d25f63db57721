import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { ReplicaLossRecord } from "../../systems/system.ts";
import { readJsonLines } from "../results-folder.ts";
import type { TaskLog } from "../tasks/task-log.ts";

/** What a run with replicas left of them, in time order. */
export interface ReplicaLog {
  readonly header: TaskLog["header"] & { readonly replication: Exclude<TaskLog["header"]["replication"], null> };
  readonly looks: readonly {
    readonly atUs: number;
    readonly tasks: readonly Pick<TaskCounters, "vertex" | "subtask" | "custom">[];
  }[];
  readonly losses: readonly ReplicaLossRecord[];
}

/** null: the run had no replicas, or left nothing of them. Throws `results-unreadable`. */
export function readReplicaLog(tasks: TaskLog | null, lossesFile: string): ReplicaLog | null {
  if (tasks === null || tasks.header.replication === null) return null;
  const { header, looks } = tasks;
  const losses = readJsonLines<ReplicaLossRecord>(lossesFile).sort((a, b) => a.atUs - b.atUs);
  return { header: { ...header, replication: tasks.header.replication }, looks, losses };
}
