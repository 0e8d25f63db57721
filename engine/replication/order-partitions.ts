import type { PhysicalPlan } from "../dataflow/plan.ts";
import { groupName } from "./cut-entry.ts";

/**
 * Which replica groups of a plan need an order log, and which partition of the job's order topic each has: those with replicas whose instances
 * merge two logical channels or more. A single channel is its own order, and a task without replicas has nobody to agree with. A
 * pure function of the plan, so the same everywhere.
 */
export class OrderPartitions {
  readonly #partitions = new Map<string, number>();

  constructor(plan: PhysicalPlan) {
    for (const { id, parallelism, replicas } of plan.vertices) {
      if (replicas < 2 || channelsOf(plan, id) < 2) continue;
      for (let instance = 0; instance < parallelism; instance++) {
        this.#partitions.set(groupName(id, instance), this.#partitions.size);
      }
    }
  }

  /** Partitions of the order topic; 0: the job needs none. */
  get count(): number {
    return this.#partitions.size;
  }

  /** null: the instance needs no order log. */
  partitionOf(vertex: string, instance: number): number | null {
    return this.#partitions.get(groupName(vertex, instance)) ?? null;
  }
}

/** Logical channels of each instance of the vertex. */
function channelsOf({ vertices, edges }: PhysicalPlan, vertex: string): number {
  return edges
    .filter(({ to }) => to === vertex)
    .reduce((sum, { from, partitioning }) => {
      const senders = vertices.find(({ id }) => id === from)?.parallelism ?? 0;
      return sum + (partitioning.kind === "forward" ? 1 : senders);
    }, 0);
}
