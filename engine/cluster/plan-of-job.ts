import { FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { planJob } from "../dataflow/planner.ts";
import type { JobSpec } from "./job-spec.ts";

/** The plan of a submitted job: the same in the coordinator and in every worker. `job-invalid` when it cannot run. */
export function planOfJob(graph: LogicalGraph, { parallelism, keyGroups, replication }: JobSpec): PhysicalPlan {
  if (replication === undefined) return planJob(graph, { parallelism, keyGroups });
  const loop = [...graph.nodes.values()].find((node) => node.kind === "operator" && node.loop !== undefined);
  if (loop !== undefined) {
    throw new FaultlineError("job-invalid", `operator "${loop.id}" is the head of a loop: loops have no replicas`, {
      hint: "run the job without replication",
    });
  }
  const { factor, sources } = replication;
  const replicas = { source: sources ? factor : 1, operator: factor, sink: 1 };
  return planJob(graph, { parallelism, keyGroups, replicas });
}
