import { FaultlineError } from "../../base/errors.ts";
import type { World } from "../ports.ts";
import type { Frame } from "../task/frame.ts";
import type { FrameLink } from "../task/link.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { CheckpointOrder } from "../task/task-parts.ts";
import type { AbortFate } from "./checkpoint-facts.ts";
import { Deployment } from "./deployment.ts";
import { type Deploy, DeploymentLoading, type LoadedDeployment } from "./deployment-loading.ts";
import { EarlyLosses } from "./early-losses.ts";
import type { Exchange } from "./exchange.ts";
import { JobSnapshots } from "./job-snapshots.ts";
import { checkpointsOf, type JobSpec } from "./job-spec.ts";
import type { LoadJob } from "./load-job.ts";
import type { WorkerToCoordinator } from "./messages.ts";
import type { DescribeOutput } from "./output-messages.ts";
import { TaskReports } from "./task-reports.ts";

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
    "clock" | "timers" | "log" | "election" | "store" | "localStore" | "journal" | "callOut" | "files" | "scratch"
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
  #loading: DeploymentLoading | null = null;
  #deployment: Deployment | null = null;
  readonly #early = new EarlyLosses();
  /** Of the job that was deployed last: its copies outlive its attempts. */
  #snapshots: { readonly jobId: string; readonly snapshots: JobSnapshots } | null = null;

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
    this.#parts.exchange.beginAttempt(deploy.attempt);
    const { clock, loadJob } = this.#parts;
    const snapshots = () => this.#snapshotsOf(deploy.job);
    const loading = new DeploymentLoading(deploy, this.#early.begin(deploy.attempt), {
      worker: this.#worker,
      clock,
      loadJob,
      snapshots,
    });
    this.#loading = loading;
    loading.begin((error, loaded) => {
      this.#loading = null;
      if (loaded === null) this.#refuse(deploy, error);
      else this.#build(loading, loaded);
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
    if (loading?.deploy.attempt === order.attempt && loading.deploy.job.jobId === order.jobId) {
      this.#abandonLoading();
      this.#reports.endUnbuilt(loading.deploy, "cancelled", null);
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

  /** true: the attempt goes on without that connection. */
  onPeerLost(attempt: number, peer: string, direction: "in" | "out", error: Error | null): boolean {
    if (direction === "in" && this.#early.keep(attempt, peer)) return false;
    if (direction === "in" && this.#loading?.deploy.attempt === attempt) {
      this.#loading.lostSenders.push(peer);
      return false;
    }
    const deployment = this.#deployment;
    if (deployment === null || deployment.attempt !== attempt || !deployment.active) return false;
    const reason = error === null ? "it closed the connection" : error.message;
    if (deployment.replicated) deployment.onPeerLost(peer, direction);
    else deployment.fail(new FaultlineError("worker-lost", `the connection to worker ${peer} is lost: ${reason}`));
    return deployment.replicated;
  }

  /** A replica of the job is lost, perhaps before this worker has built its own. */
  onReplicaLost(order: LostReplica): void {
    if (this.#loading?.deploy.attempt === order.attempt) this.#loading.lost.push(order);
    else this.#deploymentOf(order)?.onReplicaLost(order.vertex, order.subtask);
  }

  /** Ends what runs. */
  close(): void {
    this.#abandonLoading();
    this.#deployment?.cancel();
    this.#deployment = null;
    this.#snapshots?.snapshots.end();
  }

  #abandonLoading(): void {
    this.#loading?.abandon();
    this.#loading = null;
  }

  #build(
    { deploy, lost, lostSenders }: DeploymentLoading,
    { graph, plan, states, loadUs, restoreUs }: LoadedDeployment,
  ): void {
    const { job, attempt, placements, fromEnd } = deploy;
    const { jobId } = job;
    const { exchange, send, clock, journal } = this.#parts;
    const beganUs = clock.nowUs();
    try {
      this.#deployment = new Deployment({
        worker: this.#worker,
        attempt,
        job,
        placements,
        graph,
        plan,
        states,
        resolves: deploy.resolves === true,
        fromEnd,
        world: this.#parts,
        host: {
          onSnapshot: (task, snapshot) => this.#snapshots?.snapshots.onSnapshot(task, snapshot),
          onNotice: (task, notice) => this.#reports.onNotice(jobId, attempt, task, notice),
          onState: (task, state, failure) => this.#reports.onState(jobId, attempt, task, state, failure),
        },
        linkToWorker: (worker, address) => exchange.linkTo(worker, address),
      });
      for (const { vertex, subtask } of lost) this.#deployment.onReplicaLost(vertex, subtask);
      for (const peer of lostSenders) this.onPeerLost(deploy.attempt, peer, "in", null);
      send({ type: "deployed", jobId, attempt });
      journal.write("deployed", { jobId, attempt, loadUs, restoreUs, buildUs: clock.nowUs() - beganUs });
    } catch (error) {
      this.#refuse(deploy, error);
    }
  }

  /** Its tasks have failed before they were built. */
  #refuse(deploy: Deploy, error: unknown): void {
    const failure = taskFailure(error, `deployment on worker ${this.#worker}`, "job-failed");
    this.#reports.endUnbuilt(deploy, "failed", failure);
  }

  #deploymentOf({ jobId, attempt, type }: Order): Deployment | null {
    const deployment = this.#deployment;
    if (deployment !== null && deployment.jobId === jobId && deployment.attempt === attempt) return deployment;
    this.#parts.journal.write("staleAttempt", { type, jobId, attempt });
    return null;
  }
}
