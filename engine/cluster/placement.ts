import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { TaskPlacement } from "./messages.ts";

export interface WorkerAddress {
  readonly worker: string;
  readonly address: string;
}

/**
 * Which worker runs which task: subtask s of every vertex on worker s mod W, so that forward neighbours meet on one worker and
 * replicas of one group never do. Where only some vertices are replicated, they have workers of their own: losing one of those costs
 * replicas only. Pure. `job-invalid` when there are too few workers.
 */
export function placeTasks(plan: PhysicalPlan, workers: readonly WorkerAddress[]): readonly TaskPlacement[] {
  assert(workers.length >= 1, "a job needs a worker");
  const pools = splitWorkers(plan, workers);
  return plan.vertices.flatMap((vertex) => {
    const pool = vertex.replicas > 1 ? pools.replicated : pools.single;
    return Array.from({ length: vertex.parallelism * vertex.replicas }, (_, subtask): TaskPlacement => {
      const { worker, address } = pool[subtask % pool.length]!;
      return { vertex: vertex.id, subtask, worker, address };
    });
  });
}

/** The first workers for unreplicated tasks, in proportion to what there is to run, the others for replicas. */
function splitWorkers(plan: PhysicalPlan, workers: readonly WorkerAddress[]) {
  const tasks = (isReplicated: boolean) =>
    plan.vertices
      .filter(({ replicas }) => replicas > 1 === isReplicated)
      .reduce((sum, { parallelism, replicas }) => sum + parallelism * replicas, 0);
  const [single, replicated] = [tasks(false), tasks(true)];
  if (replicated === 0) return { single: workers, replicated: [] };
  const replicas = Math.max(...plan.vertices.map((vertex) => vertex.replicas));
  const needed = workersNeeded(plan);
  if (workers.length < needed) {
    throw new FaultlineError(
      "job-invalid",
      `${replicas} replicas need ${needed} workers, there are ${workers.length}`,
      {
        hint: "replicas of one group never share a worker, nor one with tasks that have no replica: start more workers",
      },
    );
  }
  if (single === 0) return { single: [], replicated: workers };
  const share = Math.round((workers.length * single) / (single + replicated));
  const count = Math.min(Math.max(share, 1), workers.length - replicas);
  return { single: workers.slice(0, count), replicated: workers.slice(count) };
}

/** Fewer workers cannot run the plan: replicas of one group never share one, nor one with tasks that have no replica. */
export function workersNeeded({ vertices }: PhysicalPlan): number {
  const replicas = Math.max(...vertices.map((vertex) => vertex.replicas));
  if (replicas === 1) return 1;
  return replicas + (vertices.some((vertex) => vertex.replicas === 1) ? 1 : 0);
}

/** Name of a task in maps and messages. */
export function taskKey(vertex: string, subtask: number): string {
  return `${vertex}/${subtask}`;
}
