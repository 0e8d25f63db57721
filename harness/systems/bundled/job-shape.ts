import type { JobSpec } from "../../../engine/cluster/job-spec.ts";
import { planOfJob } from "../../../engine/cluster/plan-of-job.ts";
import type { PhysicalPlan } from "../../../engine/dataflow/plan.ts";
import { OrderPartitions } from "../../../engine/replication/order-partitions.ts";
import { importFactory } from "../../../engine/shell/load-job.ts";
import { type JobShape, UNREPLICATED } from "../job-shape.ts";
import type { DeployConfig } from "../system.ts";
import { jobOfQuery } from "./job-of-query.ts";

/** Names of topics and brokers make no difference to a plan. */
const SOMEWHERE = { kind: "kafka", brokers: [], topic: "", partitions: 1 };

/** The replica groups of a query's job, from its plan: the same that the cluster makes. `job-invalid` when it cannot be planned. */
export async function shapeOf(config: DeployConfig): Promise<JobShape> {
  if (config.replication === undefined) return UNREPLICATED;
  const job = jobOfQuery({
    jobId: "plan",
    query: config.query,
    dataMode: config.dataMode,
    ...(config.jobParameters === undefined ? {} : { jobParameters: config.jobParameters }),
    ...(config.format === undefined ? {} : { format: config.format }),
    watermarkDelayMs: config.watermarkDelayMs,
    parallelism: config.parallelism,
    keyGroups: config.engine.keyGroups,
    bounded: false,
    inputs: {},
    output: SOMEWHERE,
    replication: { ...config.replication, cutLog: SOMEWHERE, orderLog: SOMEWHERE },
  });
  return shapeOfJob(job);
}

/** The replica groups of a job; whether its logs are there makes no difference. `job-invalid` when it cannot be planned. */
export async function shapeOfJob(job: JobSpec): Promise<JobShape> {
  const { replication } = job;
  if (replication === undefined) return UNREPLICATED;
  const factory = await importFactory(job.module);
  const plan = planOfJob(await factory(job.parameters), {
    ...job,
    replication: { ...replication, orderLog: replication.orderLog ?? SOMEWHERE },
  });
  const ordered = replication.merge === "kaZoo" ? new OrderPartitions(plan).count : 0;
  return { replicated: true, orderPartitions: ordered, vertices: verticesOf(plan) };
}

function verticesOf({ vertices }: PhysicalPlan): JobShape["vertices"] {
  return Object.fromEntries(
    vertices.map(({ id, parallelism, replicas }) => [id, { instances: parallelism, replicas }]),
  );
}
