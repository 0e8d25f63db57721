import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import {
  DEFAULT_LEASE_US,
  type JobSpec,
  type MergePolicy,
  type Replication,
} from "../../../engine/cluster/job-spec.ts";
import { KafkaAdmin } from "../../services/kafka/admin.ts";
import { shapeOfJob } from "../../systems/bundled/job-shape.ts";
import type { JobShape } from "../../systems/job-shape.ts";
import type { ClusterState } from "../state.ts";

/** Replicas as the player asks for them. */
export interface HandReplication {
  /** Of every inner operator, 1 … 4. */
  readonly factor: number;
  readonly merge: Exclude<MergePolicy, "none">;
  readonly heartbeatIntervalUs: number;
}

/** As in campaigns. */
const MAX_LAG_BYTES = 64 * 2 ** 20;
const SILENT_INTERVALS = 100;

/**
 * What the job must be told of its replicas: their logs, `<logs>.cuts` and `<logs>.orders`, are in the cluster's Kafka. `usage` when the cluster has no
 * Kafka, or no ZooKeeper where leaders are to be elected.
 */
export function replicationOf(wanted: HandReplication, logs: string, state: ClusterState): Replication {
  const { brokers, zookeeper } = state;
  const { factor, merge, heartbeatIntervalUs } = wanted;
  if (brokers.length === 0) {
    throw new FaultlineError("usage", "replicas keep their heartbeats in a log, and this cluster has no Kafka", {
      hint: `Start it with ${benchLine`cluster up --kafka`}; for --merge kaZoo with --zookeeper too.`,
    });
  }
  if (merge === "kaZoo" && !zookeeper) {
    throw new FaultlineError("usage", "kaZoo elects leaders through ZooKeeper, and this cluster has none", {
      hint: `Start it with ${benchLine`cluster up --kafka --zookeeper`}, or take --merge liveRobin.`,
    });
  }
  const log = (name: string) => ({ kind: "kafka", brokers, topic: `${logs}.${name}` });
  return {
    factor,
    merge,
    sources: false,
    cutLog: log("cuts"),
    ...(merge === "kaZoo" ? { orderLog: log("orders"), leaseUs: DEFAULT_LEASE_US } : {}),
    heartbeatIntervalUs,
    heartbeatRecords: 0,
    maxLagBytes: MAX_LAG_BYTES,
    silentIntervals: SILENT_INTERVALS,
  };
}

/** Makes the topics of the logs of the job's replicas; returns which of its tasks are replicas. They go with the cluster's Kafka. */
export async function makeLogs(job: JobSpec): Promise<JobShape["vertices"]> {
  const { replication } = job;
  if (replication === undefined) return {};
  const { orderPartitions, vertices } = await shapeOfJob(job);
  const { cutLog, orderLog } = replication;
  const admin = await KafkaAdmin.connect(cutLog.brokers);
  try {
    await admin.createTopics([
      { topic: cutLog.topic, partitions: 1 },
      ...(orderLog === undefined || orderPartitions === 0
        ? []
        : [{ topic: orderLog.topic, partitions: orderPartitions }]),
    ]);
  } finally {
    await admin.close();
  }
  return vertices;
}
