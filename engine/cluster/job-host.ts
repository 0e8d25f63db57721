import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { World } from "../ports.ts";
import { instanceOf } from "../replication/subtask.ts";
import type { Frame } from "../task/frame.ts";
import type { FrameLink } from "../task/link.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { CheckpointOrder } from "../task/task-parts.ts";
import type { AbortFate } from "./checkpoint-facts.ts";
import { Deployment } from "./deployment.ts";
import type { Exchange } from "./exchange.ts";
import { JobSnapshots } from "./job-snapshots.ts";
import { checkpointsOf, type JobSpec } from "./job-spec.ts";
import type { LoadJob } from "./load-job.ts";
import type { CoordinatorToWorker, WorkerToCoordinator } from "./messages.ts";
import type { DescribeOutput } from "./output-messages.ts";
import { planOfJob } from "./plan-of-job.ts";
import { TaskReports } from "./task-reports.ts";

type Deploy = Extract<CoordinatorToWorker, { readonly type: "deploy" }>;

/** Names the attempt that an order is for. */
interface Order {
  readonly type: string;
  readonly jobId: string;
  readonly attempt: number;
}

interface LostReplica extends Order {
  readonly vertex: string;
  readonly subtask: number;
}

export interface JobHostParts
  extends Pick<
    World,
    "clock" | "timers" | "log" | "election" | "store" | "localStore" | "journal" | "callOut" | "files"
  > {
  readonly loadJob: LoadJob;
  readonly exchange: Exchange;
  readonly send: (message: WorkerToCoordinator) => void;
}

/** The job attempt that a worker hosts: loads it, runs its tasks, reports about them. Orders for other attempts are ignored. */
export class JobHost {
  readonly #worker: string;
  readonly #parts: JobHostParts;
  readonly #reports: TaskReports;
  /** What is being loaded; cleared when cancelled or replaced. */
  #loading: Deploy | null = null;
  /** When the last deployment was ordered, and when its module was loaded. µs. */
  #orderedUs = 0;
  #loadedUs = 0;
  #deployment: Deployment | null = null;
  /** Of the job that was deployed last: its copies outlive its attempts. */
  #snapshots: { readonly jobId: string; readonly snapshots: JobSnapshots } | null = null;
  /** Replicas that were lost while the job was being loaded. */
  #lostEarly: LostReplica[] = [];

  constructor(worker: string, parts: JobHostParts) {
    this.#worker = worker;
    this.#parts = parts;
    this.#reports = new TaskReports(worker, parts);
  }

  /** Loads the job's module, for when it is needed; what is wrong with it shows then. */
  prepare(job: JobSpec): void {
    this.#parts.loadJob(job, (error) => {
      this.#parts.journal.write("prepared", {
        jobId: job.jobId,
        ...(error === null ? {} : { problem: error.message }),
      });
    });
  }

  /** Replaces whatever runs; answers `deployed`, or reports the tasks as failed. */
  deploy(deploy: Deploy): void {
    this.close();
    this.#loading = deploy;
    this.#orderedUs = this.#parts.clock.nowUs();
    this.#lostEarly = [];
    this.#parts.exchange.beginAttempt(deploy.attempt);
    this.#parts.loadJob(deploy.job, (error, graph) => {
      if (this.#loading !== deploy) return;
      this.#loadedUs = this.#parts.clock.nowUs();
      if (graph === null) this.#onLoaded(deploy, error, null, null);
      else this.#restore(deploy, graph);
    });
  }

  #restore(deploy: Deploy, graph: LogicalGraph): void {
    const { job, attempt, restore, placements } = deploy;
    let plan: PhysicalPlan;
    try {
      plan = planOfJob(graph, job);
    } catch (error) {
      this.#onLoaded(deploy, asFaultlineError(error, "job-invalid"), null, null);
      return;
    }
    const replicas = new Map(plan.vertices.map((vertex) => [vertex.id, vertex.replicas]));
    const own = placements
      .filter(({ worker }) => worker === this.#worker)
      .map(({ vertex, subtask }) => ({ vertex, subtask, instance: instanceOf(subtask, replicas.get(vertex) ?? 1) }));
    this.#snapshotsOf(job).begin(attempt, restore, own, (error, states) => {
      if (this.#loading === deploy) this.#onLoaded(deploy, error, error === null ? { graph, plan } : null, states);
    });
  }

  #snapshotsOf(job: JobSpec): JobSnapshots {
    const { jobId } = job;
    if (this.#snapshots?.jobId === jobId) return this.#snapshots.snapshots;
    this.#snapshots?.snapshots.close();
    const localCopies = checkpointsOf(job)?.localCopies ?? false;
    const snapshots = new JobSnapshots({ world: this.#parts, send: this.#parts.send, jobId, localCopies });
    this.#snapshots = { jobId, snapshots };
    return snapshots;
  }

  checkpoint(order: Order & CheckpointOrder & { readonly folder: string }): void {
    const deployment = this.#deploymentOf(order);
    if (deployment === null) return;
    this.#snapshots?.snapshots.onOrder(order.checkpointId, order.folder);
    deployment.onCheckpoint({ kind: "begins", order });
  }

  completeCheckpoint(order: Order & { readonly checkpointId: number }): void {
    const deployment = this.#deploymentOf(order);
    if (deployment === null) return;
    this.#snapshots?.snapshots.onComplete(order.checkpointId);
    deployment.onCheckpoint({ kind: "complete", checkpointId: order.checkpointId });
  }

  abortCheckpoint(order: Order & { readonly checkpointId: number; readonly fate: AbortFate }): void {
    const deployment = this.#deploymentOf(order);
    if (deployment === null) return;
    this.#snapshots?.snapshots.onAborted(order.checkpointId);
    deployment.onCheckpoint({ kind: "aborted", checkpointId: order.checkpointId, fate: order.fate });
  }

  start(order: Order): void {
    this.#deploymentOf(order)?.start();
  }

  resolve(order: Order): void {
    this.#deploymentOf(order)?.resolve();
  }

  drain(order: Order): void {
    this.#deploymentOf(order)?.drain();
  }

  cancel(order: Order): void {
    const loading = this.#loading;
    if (loading !== null && loading.attempt === order.attempt && loading.job.jobId === order.jobId) {
      this.#loading = null;
      this.#reports.endUnbuilt(loading, "cancelled", null);
      return;
    }
    const deployment = this.#deploymentOf(order);
    deployment?.cancel();
    if (deployment !== null) this.#snapshots?.snapshots.end();
  }

  /** Sends the counters of the job's tasks, also of those that have ended. */
  report(jobId: string): void {
    const deployment = this.#deployment?.jobId === jobId ? this.#deployment : null;
    const tasks = deployment?.counters() ?? [];
    this.#parts.send({ type: "counters", jobId, attempt: deployment?.attempt ?? 0, tasks });
  }

  describeOutput(order: DescribeOutput): void {
    const { jobId, attempt, vertex, subtask, question } = order;
    const description = this.#deploymentOf(order)?.describeOutput(vertex, subtask, question) ?? null;
    if (description !== null)
      this.#parts.send({ type: "outputDescribed", jobId, attempt, vertex, subtask, description });
  }

  /** Hands a frame to its task; false when nobody here knows its attempt or channel. */
  onFrame(frame: Frame, link: FrameLink): boolean {
    const deployment = this.#deployment;
    return deployment !== null && deployment.attempt === frame.attempt && deployment.onFrame(frame, link);
  }

  onWritable(): void {
    this.#deployment?.onWritable();
  }

  onPeerLost(attempt: number, peer: string, direction: "in" | "out", error: Error | null): void {
    const deployment = this.#deployment;
    if (deployment === null || deployment.attempt !== attempt || !deployment.active) return;
    if (deployment.replicated) {
      deployment.onPeerLost(peer, direction);
      return;
    }
    const reason = error === null ? "it closed the connection" : error.message;
    deployment.fail(new FaultlineError("worker-lost", `the connection to worker ${peer} is lost: ${reason}`));
  }

  /** A replica of the job is lost, perhaps before this worker has built its own. */
  onReplicaLost(order: LostReplica): void {
    if (this.#loading?.attempt === order.attempt) this.#lostEarly.push(order);
    else this.#deploymentOf(order)?.onReplicaLost(order.vertex, order.subtask);
  }

  /** Ends what runs. */
  close(): void {
    this.#loading = null;
    this.#deployment?.cancel();
    this.#deployment = null;
    this.#snapshots?.snapshots.end();
  }

  #onLoaded(
    deploy: Deploy,
    error: Error | null,
    loaded: { readonly graph: LogicalGraph; readonly plan: PhysicalPlan } | null,
    states: ReadonlyMap<string, Uint8Array> | null,
  ): void {
    this.#loading = null;
    const { job, attempt, placements, fromEnd } = deploy;
    const { jobId } = job;
    const { exchange, send, clock, journal } = this.#parts;
    const restoredUs = clock.nowUs();
    try {
      if (loaded === null) throw error ?? new FaultlineError("job-invalid", "the job's module gave no graph");
      this.#deployment = new Deployment({
        worker: this.#worker,
        attempt,
        job,
        placements,
        ...loaded,
        states,
        fromEnd,
        world: this.#parts,
        host: {
          onSnapshot: (task, snapshot) => this.#snapshots?.snapshots.onSnapshot(task, snapshot),
          onNotice: (task, notice) => this.#reports.onNotice(jobId, attempt, task, notice),
          onState: (task, state, failure) => this.#reports.onState(jobId, attempt, task, state, failure),
        },
        linkToWorker: (worker, address) => exchange.linkTo(worker, address),
      });
      for (const { vertex, subtask } of this.#lostEarly) this.#deployment.onReplicaLost(vertex, subtask);
      send({ type: "deployed", jobId, attempt });
      const times = { loadUs: this.#loadedUs - this.#orderedUs, restoreUs: restoredUs - this.#loadedUs };
      journal.write("deployed", { jobId, attempt, ...times, buildUs: clock.nowUs() - restoredUs });
    } catch (cause) {
      this.#reports.endUnbuilt(
        deploy,
        "failed",
        taskFailure(cause, `deployment on worker ${this.#worker}`, "job-failed"),
      );
    }
  }

  #deploymentOf({ jobId, attempt, type }: Order): Deployment | null {
    const deployment = this.#deployment;
    if (deployment !== null && deployment.jobId === jobId && deployment.attempt === attempt) return deployment;
    this.#parts.journal.write("staleAttempt", { type, jobId, attempt });
    return null;
  }
}
