import type { PhysicalPlan, Vertex } from "../dataflow/plan.ts";

/**
 * Do the replicas of the vertex have to agree on an order? They do when each merges two logical channels or more: a single channel is its
 * own order, and a task without replicas has nobody to agree with.
 */
export function needsOrder(plan: PhysicalPlan, { id, replicas }: Vertex): boolean {
  return replicas > 1 && inputChannelsOf(plan, id) > 1;
}

/** Logical channels into each instance of the vertex. */
function inputChannelsOf({ vertices, edges }: PhysicalPlan, vertex: string): number {
  return edges
    .filter(({ to }) => to === vertex)
    .reduce((sum, { from, partitioning }) => {
      const senders = vertices.find(({ id }) => id === from)?.parallelism ?? 0;
      return sum + (partitioning.kind === "forward" ? 1 : senders);
    }, 0);
}
