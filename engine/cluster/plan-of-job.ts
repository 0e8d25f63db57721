import { FaultlineError } from "../../base/errors.ts";
import { hash64, lastHash } from "../../base/hash.ts";
import type { RestoringJob } from "../checkpoint/restore-point.ts";
import { refuseUnreplayable } from "../connectors/socket/replay.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { planJob } from "../dataflow/planner.ts";
import { inTwoPhases } from "../dataflow/two-phase.ts";
import { OrderPartitions } from "../replication/order-partitions.ts";
import { refuseUnordered } from "../replication/unordered.ts";
import { checkpointsOf, type JobSpec } from "./job-spec.ts";

/**
 * The graph that a job runs. Aggregations of a job without replicas have two phases: how much a batch adds up depends on how records arrive, and
 * replicas must number their rows alike.
 */
export function graphOfJob(graph: LogicalGraph, { replication }: JobSpec): LogicalGraph {
  return replication === undefined ? inTwoPhases(graph) : graph;
}

/** The plan of a submitted job: the same in the coordinator and in every worker. `job-invalid` when it cannot run. */
export function planOfJob(logical: LogicalGraph, job: JobSpec): PhysicalPlan {
  const { parallelism, keyGroups, replication } = job;
  const graph = graphOfJob(logical, job);
  refuseUnreplayable(job);
  if (checkpointsOf(job) !== null)
    refuseLoops(graph, "loops take no part in checkpoints yet", "run the job without recovery");
  if (replication === undefined) return planJob(graph, { parallelism, keyGroups });
  refuseLoops(graph, "loops have no replicas", "run the job without replication");
  const { factor, sources, vertices: vertexReplicas = {}, merge, allowUnordered } = replication;
  const replicas = { source: sources ? factor : 1, operator: factor, sink: 1 };
  const plan = planJob(graph, { parallelism, keyGroups, replicas, vertexReplicas });
  refuseAlignedReplicas(graph, plan, job);
  refuseMissingOrderLog(plan, job);
  if (merge === "none" && allowUnordered !== true) refuseUnordered(plan);
  return plan;
}

function refuseMissingOrderLog(plan: PhysicalPlan, { replication }: JobSpec): void {
  const { merge, orderLog } = replication ?? {};
  if (merge !== "kaZoo" || orderLog !== undefined) return;
  const { count } = new OrderPartitions(plan);
  if (count === 0) return;
  throw new FaultlineError(
    "job-invalid",
    `KaZoo orders the inputs of ${count} replica groups: the job has no order log`,
    {
      hint: `give replication.orderLog a topic of ${count} partitions that belongs to this job alone`,
    },
  );
}

function refuseLoops(graph: LogicalGraph, why: string, hint: string): void {
  const loop = [...graph.nodes.values()].find((node) => node.kind === "operator" && node.loop !== undefined);
  if (loop === undefined) return;
  throw new FaultlineError("job-invalid", `operator "${loop.id}" is the head of a loop: ${why}`, { hint });
}

/** A replica reads ahead of what it emits, and what counts is the group's cut: to hold partitions back there would align nothing. */
function refuseAlignedReplicas(graph: LogicalGraph, plan: PhysicalPlan, { options }: JobSpec): void {
  if (options.watermarkAlignmentMs === 0) return;
  const source = plan.vertices.find(({ id, replicas }) => replicas > 1 && graph.nodes.get(id)?.kind === "source");
  if (source === undefined) return;
  throw new FaultlineError("job-invalid", `source "${source.id}" has replicas: they do not align their partitions`, {
    hint: "set watermarkAlignmentMs to 0, or give the sources no replicas",
  });
}

export interface SnapshotShape extends RestoringJob {
  /** Vertex → replicas of each of its instances. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** What the snapshots of a job must have in common with its plan: the same vertices with the same operators and tasks, the same edges. */
export function snapshotShape({ vertices, edges, keyGroups }: PhysicalPlan): SnapshotShape {
  const text = JSON.stringify({
    keyGroups,
    vertices: vertices.map(({ id, operators }) => [id, operators]),
    edges: edges.map(({ from, to, input, partitioning }) => [from, to, input, partitioning.kind]),
  });
  const bytes = new TextEncoder().encode(text);
  hash64(bytes, 0, bytes.length);
  const graphHash = `${lastHash.high.toString(16)}${lastHash.low.toString(16).padStart(8, "0")}`;
  const parallelism = Object.fromEntries(vertices.map(({ id, parallelism }) => [id, parallelism]));
  const replicas = Object.fromEntries(vertices.map(({ id, replicas }) => [id, replicas]));
  return { graphHash, parallelism, replicas };
}
