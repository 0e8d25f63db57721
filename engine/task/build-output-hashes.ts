import { taskKey } from "../cluster/placement.ts";
import type { Vertex } from "../dataflow/plan.ts";
import { outputChannelsOf } from "../replication/output-channels.ts";
import { OutputHashes, windowHeartbeatsOf } from "../replication/output-hashes.ts";
import type { TaskContext } from "./build-task.ts";
import type { TaskHooks } from "./task-parts.ts";

/** Hashes of what the task sends; null where nobody compares them: it has no replicas, or they have no common order. */
export function buildOutputHashes(
  { plan, job, outputs, world }: Pick<TaskContext, "plan" | "job" | "outputs" | "world">,
  vertex: Vertex,
  subtask: number,
  { notice }: Pick<TaskHooks, "notice">,
): OutputHashes | null {
  const { replication } = job;
  const channels = outputChannelsOf(plan, vertex.id).length;
  if (outputs === undefined || replication === undefined || replication.merge === "none") return null;
  if (vertex.replicas === 1 || channels === 0) return null;
  const hashes = new OutputHashes({
    channels,
    windowHeartbeats: windowHeartbeatsOf(replication.heartbeatIntervalUs),
    clock: world.clock,
    report: (windows) => notice({ kind: "outputHashes", windows }),
  });
  outputs.set(taskKey(vertex.id, subtask), hashes);
  return hashes;
}
