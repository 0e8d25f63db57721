import { barrierModeOf } from "../cluster/job-spec.ts";
import type { Vertex } from "../dataflow/plan.ts";
import { ArrivalMerge } from "../merge/arrival.ts";
import { LiveRobin } from "../merge/live-robin.ts";
import type { Merge } from "../merge/merge.ts";
import { NoOrdering } from "../merge/none.ts";
import { TimeBias } from "../merge/time-bias.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import type { TaskContext } from "./build-task.ts";
import type { TaskHooks } from "./task-parts.ts";

/**
 * The merge of a task's input as the job's replication asks for it. LiveRobin and timeBias order every task alike, so that what has no replicas
 * repeats its order too; under KaZoo only what must agree has a log.
 */
export function buildMerge(
  context: TaskContext,
  vertex: Vertex,
  subtask: number,
  channels: number,
  { ordered }: TaskHooks,
): Merge {
  const { job, orders, attempt } = context;
  const { id, replicas } = vertex;
  if (job.replication === undefined) return new ArrivalMerge(channels, barrierModeOf(job) ?? "aligned");
  const { merge = "liveRobin" } = job.replication;
  if (merge === "liveRobin") return new LiveRobin(channels);
  if (merge === "timeBias") return new TimeBias(channels);
  const instance = instanceOf(subtask, replicas);
  const partition = orderPartition(context, vertex, subtask);
  // One channel is its own order, and who has no replica agrees with nobody.
  if (merge === "none" || orders === null || partition === null) return new NoOrdering(channels);
  // A worker that is lost may stand in its attempt's election for a while.
  const group = `${job.jobId}/${attempt}/${id}/${instance}`;
  const replica = subtask - subtaskOf(instance, 0, replicas);
  return orders.log.join({ group, partition, replica, replicas, onOrdered: ordered }).merge(channels);
}

/** Of the job's order log; null: the task needs none. */
export function orderPartition({ orders }: TaskContext, { id, replicas }: Vertex, subtask: number): number | null {
  return orders?.partitions.partitionOf(id, instanceOf(subtask, replicas)) ?? null;
}
