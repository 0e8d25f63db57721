import { assert } from "../../base/assert.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { instanceOf, replicaOf } from "../replication/subtask.ts";
import type { TaskPlacement } from "./messages.ts";

export interface WorkerAddress {
  readonly worker: string;
  readonly address: string;
}

/**
 * Which worker runs which task: replica j of instance i of every vertex on worker (i + j) mod W, so that forward neighbours meet on
 * one worker and replicas of one group never do. Pure. `assertion-failed` when there are fewer workers than replicas.
 */
export function placeTasks(plan: PhysicalPlan, workers: readonly WorkerAddress[]): readonly TaskPlacement[] {
  assert(workers.length >= 1, "a job needs a worker");
  return plan.vertices.flatMap((vertex) => {
    assert(vertex.replicas <= workers.length, "replicas of a group would share a worker", {
      vertex: vertex.id,
      replicas: vertex.replicas,
      workers: workers.length,
    });
    return Array.from({ length: vertex.parallelism * vertex.replicas }, (_, subtask): TaskPlacement => {
      const position = instanceOf(subtask, vertex.replicas) + replicaOf(subtask, vertex.replicas);
      const { worker, address } = workers[position % workers.length]!;
      return { vertex: vertex.id, subtask, worker, address };
    });
  });
}

/** Name of a task in maps and messages. */
export function taskKey(vertex: string, subtask: number): string {
  return `${vertex}/${subtask}`;
}
