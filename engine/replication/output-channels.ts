import { present } from "../../base/assert.ts";
import type { PhysicalPlan, PlanEdge } from "../dataflow/plan.ts";

export interface PlannedChannel {
  readonly edge: PlanEdge;
  /** null: the sender's own instance. */
  readonly receiver: number | null;
}

/** The logical channels that each instance of a vertex sends on, in the order in which its replicas tell of them. */
export function outputChannelsOf({ edges, vertices }: PhysicalPlan, vertex: string): readonly PlannedChannel[] {
  return edges
    .filter(({ from }) => from === vertex)
    .flatMap((edge): readonly PlannedChannel[] => {
      if (edge.partitioning.kind === "forward") return [{ edge, receiver: null }];
      const to = vertices.find(({ id }) => id === edge.to);
      const { parallelism } = present(to, `vertex ${edge.to}`);
      return Array.from({ length: parallelism }, (_, receiver) => ({ edge, receiver }));
    });
}
