import type { PhysicalPlan } from "../dataflow/plan.ts";
import { groupName } from "./cut-entry.ts";
import { needsOrder } from "./needs-order.ts";

/**
 * Which replica groups of a plan need an order log, and which partition of the job's order topic each has: those that `needsOrder`
 * says. A pure function of the plan, so the same everywhere.
 */
export class OrderPartitions {
  readonly #partitions = new Map<string, number>();

  constructor(plan: PhysicalPlan) {
    for (const vertex of plan.vertices) {
      if (!needsOrder(plan, vertex)) continue;
      const { id, parallelism } = vertex;
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
