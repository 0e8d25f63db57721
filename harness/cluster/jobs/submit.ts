import { wallClockMs } from "../../../base/clock.ts";
import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaAdmin } from "../../services/kafka/admin.ts";
import { sleep } from "../../sweep/bindings/clock.ts";
import type { ClusterFolder } from "../folder.ts";
import { askKeeper } from "../keeper/client.ts";
import { readRecord } from "../record.ts";
import { type ClusterState, runningCluster } from "../state.ts";
import { coordinatedStatus, withCoordinator } from "./client.ts";
import { findHandJob, type HandJob } from "./hand-job.ts";
import { type HandReplication, makeLogs, replicationOf } from "./hand-replication.ts";
import { type HandInput, type HandOutput, jobSpecOf, type Submission } from "./submission.ts";

const RUNNING_MS = 30_000;
/** A job whose input is not there fails right after it has begun to run. */
const FIRST_STEPS_MS = 300;

/** A topic as named by the player. */
export interface NamedTopic {
  readonly topic: string;
  /** Empty: the cluster's own Kafka. */
  readonly brokers: readonly string[];
}

/** What is to be submitted, as the player says it. */
export interface HandSubmission
  extends Omit<Submission, "jobId" | "job" | "input" | "output" | "nowMs" | "replication"> {
  readonly name: string;
  readonly cwd: string;
  readonly parameters: HandJob["parameters"];
  readonly input: Exclude<HandInput, { readonly kind: "topic" }> | ({ readonly kind: "topic" } & NamedTopic);
  readonly output: NamedTopic | null;
  /** Absent: none of its tasks has replicas. */
  readonly replication?: HandReplication;
  /** Default: all that are there, at most as many as the cluster was started with. */
  readonly workers?: number;
}

/** Submits a job to the cluster of this folder; resolves when it runs, or has finished already. */
export async function submitByHand(
  folder: ClusterFolder,
  wanted: HandSubmission,
): Promise<{ readonly jobId: string; readonly state: string; readonly workers: number }> {
  const state = runningCluster(folder);
  const job = await findHandJob(wanted.name, wanted.cwd, wanted.parameters);
  const { workers: registered } = await coordinatedStatus(state);
  if (registered.length === 0) {
    throw new FaultlineError("cluster-missing", "the cluster has no worker left", {
      hint: `Start one with ${benchLine`cluster add-worker`}.`,
    });
  }
  const workers = wanted.workers ?? Math.min(registered.length, state.workers);
  if (workers > registered.length) {
    throw new FaultlineError("usage", `${workers} workers are asked for, ${registered.length} are there`);
  }
  const { parallelism } = wanted;
  const input = wanted.input.kind === "topic" ? await topicOf(state, wanted.input, parallelism) : wanted.input;
  const output: HandOutput =
    wanted.output === null ? { kind: "files" } : await topicOf(state, wanted.output, parallelism);
  const jobId = freeJobId(job.name, folder);
  const { replication: replicas, ...others } = wanted;
  const nowMs = wallClockMs();
  // The number of a job that was refused is taken again, its logs are not.
  const logs = `${jobId}.${nowMs}`;
  const replication = replicas === undefined ? {} : { replication: replicationOf(replicas, logs, state) };
  const spec = jobSpecOf({ ...others, ...replication, jobId, job, input, output, nowMs }, folder.output);
  const vertices = await makeLogs(spec);
  await askKeeper(state, { ask: "shape", jobId, vertices });
  return withCoordinator(state.coordinator, async (client) => {
    const failed = new Promise<never>((_resolve, reject) => client.onFailure(jobId, reject));
    failed.catch(() => {}); // it counts where it is waited for
    let reached = "submitted";
    client.onState((message) => {
      if (message.jobId === jobId) reached = message.state;
    });
    await client.submit(spec, workers);
    await client.waitFor(jobId, ["running", "finished"], RUNNING_MS);
    await Promise.race([failed, sleep(FIRST_STEPS_MS)]);
    return { jobId, state: reached, workers };
  });
}

/** The topic with its partitions; one that is not there is made, with one partition an instance. */
async function topicOf(state: ClusterState, { topic, brokers }: NamedTopic, partitions: number) {
  const addresses = brokers.length > 0 ? brokers : state.brokers;
  if (addresses.length === 0) {
    throw new FaultlineError("usage", `where is topic ${topic}? This cluster has no Kafka of its own`, {
      hint: "Name yours with --brokers HOST:PORT, or start the cluster with --kafka.",
    });
  }
  const admin = await KafkaAdmin.connect(addresses);
  try {
    if (!(await admin.listTopics()).includes(topic)) await admin.createTopics([{ topic, partitions }]);
    const description = await admin.describe(topic);
    return { kind: "topic", brokers: addresses, topic, partitions: description.partitions } as const;
  } finally {
    await admin.close();
  }
}

/** `wordcount-1`, or the next number that no job of this folder had. */
function freeJobId(name: string, folder: ClusterFolder): string {
  const taken = new Set(readRecord(folder.record).flatMap((entry) => (entry.kind === "job" ? [entry.jobId] : [])));
  for (let n = 1; ; n++) if (!taken.has(`${name}-${n}`)) return `${name}-${n}`;
}
