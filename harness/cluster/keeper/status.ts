import { asFaultlineError } from "../../../base/errors.ts";
import type { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import { lookAt } from "../../faults/process-look.ts";
import type { KafkaService } from "../../services/kafka/service.ts";
import type { ZooKeeperService } from "../../services/zookeeper/service.ts";
import type { Cluster } from "../../systems/bundled/cluster.ts";
import type { JobWatch } from "./job-watch.ts";
import type { ClusterStatus, ProcessStatus } from "./protocol.ts";

const COUNTERS_MS = 1_000;
const NO_TASKS: Pick<ClusterStatus, "tasks" | "tasksProblem"> = { tasks: [], tasksProblem: null };

/** What the cluster is like now. `endOf`: how a process ended, null while it was not seen to. */
export async function clusterStatus(
  {
    cluster,
    kafka,
    zookeeper,
    watch,
    client,
  }: {
    readonly cluster: Cluster;
    readonly kafka: KafkaService | null;
    readonly zookeeper: ZooKeeperService | null;
    readonly watch: JobWatch;
    readonly client: ClusterClient;
  },
  endOf: (pid: number) => string | null,
): Promise<ClusterStatus> {
  const statusOf = (role: string, pid: number): ProcessStatus => {
    const end = endOf(pid);
    const zone = cluster.zones.get(role);
    const about = { role, pid, end, ...(zone === undefined ? {} : { zone }) };
    const look = lookAt(pid);
    if (end !== null || look === null) return { ...about, state: "ended" };
    return { ...about, state: look.state === "T" ? "standing" : "alive" };
  };
  const services = [
    { role: "broker", pid: kafka?.pid ?? null },
    { role: "zookeeper", pid: zookeeper?.pid ?? null },
  ];
  const processes = cluster.processes.map(({ role, pid }) => statusOf(role, pid));
  for (const { role, pid } of services) if (pid !== null) processes.push(statusOf(role, pid));
  const { job, workers, checkpoints, vertices, lostReplicas } = watch;
  const hasTasks = job !== null && ["running", "draining"].includes(job.state);
  const { tasks, tasksProblem } = hasTasks ? await tasksOf(job.jobId, client) : NO_TASKS;
  return { processes, workers, job, tasks, tasksProblem, vertices, lostReplicas, checkpoints };
}

/** A coordinator that stands still, or is busy, does not answer: the rest can be told all the same. */
async function tasksOf(jobId: string, client: Pick<ClusterClient, "counters">): Promise<typeof NO_TASKS> {
  try {
    return { tasks: await client.counters(jobId, COUNTERS_MS), tasksProblem: null };
  } catch (error) {
    return { tasks: [], tasksProblem: asFaultlineError(error).message };
  }
}
