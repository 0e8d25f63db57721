import { rm } from "node:fs/promises";
import { present } from "../../../base/assert.ts";
import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import type { JobSpec } from "../../../engine/cluster/job-spec.ts";
import { ClusterClient, type JobStateMessage } from "../../../engine/shell/cluster-client.ts";
import type {
  DeployContext,
  Deployment,
  DeploymentHistory,
  FaultSurface,
  JobStateRecord,
  ReplicaLossRecord,
  SpawnedProcess,
  SystemUnderTest,
} from "../system.ts";
import { type Cluster, endCluster, startCluster, stateDirectoryOf } from "./cluster.ts";
import { BundledFaultSurface } from "./fault-surface.ts";
import { jobOfQuery, jobOptionsOf } from "./job-of-query.ts";
import { shapeOf } from "./job-shape.ts";

const RUNNING_TIMEOUT_MS = 30_000;

/** The bundled engine, as a coordinator and worker processes on this machine. */
export const bundled: SystemUnderTest = {
  name: "bundled",
  shapeOf,
  async deploy(context) {
    const { config } = context;
    const job = jobOfQuery({
      jobId: context.runId,
      query: config.query,
      dataMode: config.dataMode,
      ...(config.jobParameters === undefined ? {} : { jobParameters: config.jobParameters }),
      format: config.format ?? "json",
      watermarkDelayMs: config.watermarkDelayMs,
      parallelism: config.parallelism,
      keyGroups: config.engine.keyGroups,
      bounded: false,
      inputs: Object.fromEntries(
        context.inputs.map(({ source, topic, partitions }) => [source, kafkaBinding(context, topic, partitions)]),
      ),
      output: kafkaBinding(context, context.outputTopic, context.outputPartitions),
      options: jobOptionsOf(config.engine),
      recovery: config.recovery ?? "none",
      ...(config.guarantee === undefined ? {} : { guarantee: config.guarantee }),
      ...(config.checkpoints === undefined ? {} : { checkpoints: config.checkpoints }),
      ...(config.restart === undefined ? {} : { restart: config.restart }),
      ...replicationOf(context),
    });
    const cluster = await startCluster(context);
    const deployment = new BundledDeployment(context, cluster, job.jobId);
    try {
      await deployment.submit(job);
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  },
};

/** The job's replicas share a cut log of this run, and an order log where leaders order. */
function replicationOf({ config, brokers, cutLogTopic, orderLogTopic }: DeployContext): Pick<JobSpec, "replication"> {
  if (config.replication === undefined) return {};
  const log = (topic: string) => ({ kind: "kafka", brokers, topic });
  const cutLog = log(present(cutLogTopic, "cut log of a replicated job"));
  const orderLog = orderLogTopic === undefined ? {} : { orderLog: log(orderLogTopic) };
  return { replication: { ...config.replication, cutLog, ...orderLog } };
}

function kafkaBinding(context: DeployContext, topic: string, partitions: number) {
  return { kind: "kafka", brokers: context.brokers, topic, partitions };
}

class BundledDeployment implements Deployment {
  readonly processes: Deployment["processes"];
  readonly failed: Promise<Error>;
  readonly #context: DeployContext;
  readonly #cluster: Cluster;
  readonly #jobId: string;
  readonly #surface: BundledFaultSurface;
  #report: (error: Error) => void = () => {};
  readonly #client: ClusterClient;
  readonly #states: JobStateRecord[] = [];
  readonly #checkpoints: CheckpointReport[] = [];
  readonly #losses: ReplicaLossRecord[] = [];
  #expectedEnd = false;

  constructor(context: DeployContext, cluster: Cluster, jobId: string) {
    this.#context = context;
    this.#cluster = cluster;
    this.#jobId = jobId;
    this.processes = cluster.processes.map(({ role, pid }) => ({ role, pid }));
    this.#client = new ClusterClient(cluster.coordinatorAddress);
    const replaces = (context.config.recovery ?? "none") !== "none";
    const watch = (child: SpawnedProcess) => this.#watchProcess(child);
    this.#surface = new BundledFaultSurface(cluster, replaces, watch, monotonicUs, context.vertices);
    this.failed = new Promise((resolve) => this.#watch(resolve));
  }

  #watch(failed: (error: Error) => void): void {
    this.#report = (error) => {
      if (!this.#expectedEnd) failed(error);
    };
    this.#client.onState((state) => {
      if (state.jobId === this.#jobId) this.#onState(state);
    });
    this.#client.onReplicaLoss((loss) => {
      const { vertex, subtask, attempt, worker, atUs, failure } = loss;
      this.#losses.push({ vertex, subtask, attempt, worker, atUs, cause: failure.message });
      this.#surface.onReplicaLoss(loss);
    });
    this.#client.onCheckpointPhase(({ checkpointId, phase, atUs }) => {
      this.#surface.onCheckpointPhase({ checkpointId, phase, atUs });
    });
    this.#client.onCheckpointReport(({ report }) => this.#checkpoints.push(report));
    this.#client.onFailure(this.#jobId, this.#report);
    this.#client.onWorkers((names) => this.#surface.onWorkers(names));
    void this.#client.lost.then((error) => {
      if (!this.#expectedEnd) this.#surface.onCoordinatorLost(error.message);
      this.#report(error);
    });
    for (const child of this.#cluster.processes) this.#watchProcess(child);
  }

  #onState(message: JobStateMessage): void {
    const { state, attempt, atUs, failure, restored } = message;
    this.#states.push({ state, attempt, atUs, cause: failure?.message ?? null, restored: restored ?? null });
    this.#surface.onJobState(message);
  }

  history(): DeploymentHistory {
    return { states: this.#states, checkpoints: this.#checkpoints, replicaLosses: this.#losses };
  }

  /** The end of a process is a failure of the system, unless a fault was to end it: then the job tells what comes of that. */
  #watchProcess({ role, pid, exited }: SpawnedProcess): void {
    void exited.then(({ code, signal }) => {
      if (this.#surface.isExpected(pid)) {
        if (!this.#expectedEnd) this.#surface.onExpectedEnd(pid);
        return;
      }
      const how = signal === null ? `exit code ${code}` : signal;
      const context = { role, code, signal };
      this.#report(new FaultlineError("system-failed", `${role} has ended: ${how}`, { context }));
    });
  }

  get faults(): FaultSurface {
    return this.#surface;
  }

  async submit(job: Parameters<ClusterClient["submit"]>[0]): Promise<void> {
    await Promise.race([this.#untilRunning(job), this.failed.then((error) => Promise.reject(error))]);
  }

  async #untilRunning(job: Parameters<ClusterClient["submit"]>[0]): Promise<void> {
    await this.#client.submit(job, this.#context.config.engine.workers);
    await this.#client.waitFor(job.jobId, ["running"], RUNNING_TIMEOUT_MS);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#client.drain(this.#jobId);
    try {
      await this.#client.waitFor(this.#jobId, ["finished"], timeoutMs);
    } catch (error) {
      if (!(error instanceof FaultlineError) || error.code !== "run-failed") throw error;
      throw new FaultlineError("run-failed", `the query has not finished ${timeoutMs} ms after the end of its input`, {
        context: { reason: "drain-timeout" },
        cause: error,
      });
    }
  }

  async stop(): Promise<void> {
    this.#expectedEnd = true;
    this.#surface.close();
    await endCluster(this.#cluster, this.#client);
    await rm(stateDirectoryOf(this.#context), { recursive: true, force: true });
  }

  describe(): Readonly<Record<string, unknown>> {
    const { parallelism, engine } = this.#context.config;
    const { workerFlags, zones } = this.#cluster;
    const placed = zones.size === 0 ? {} : { zones: Object.fromEntries(zones) };
    return { name: "bundled", parallelism, engine, ...placed, workerFlags, node: process.version };
  }

  counters() {
    return this.#client.counters(this.#jobId);
  }
}
