import { FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { Attempt } from "./attempt.ts";
import { Attempts } from "./attempts.ts";
import type { DivergenceDesk } from "./divergence-desk.ts";
import type { JobEffects } from "./job-effects.ts";
import { JobLifecycle } from "./job-lifecycle.ts";
import type { JobRecovery } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure, JobState, TaskPlacement, TaskState } from "./messages.ts";
import { RESTART_TIMEOUT_US, restartTimedOut } from "./restart-strategy.ts";
import type { WorkerAddress } from "./worker-pools.ts";

/** A job, as the coordinator sees it: what clients want of it and what workers report decides how its `JobLifecycle` goes on. */
export class JobRun {
  readonly spec: JobSpec;
  readonly #attempts: Attempts;
  readonly #effects: JobEffects;
  readonly #life: JobLifecycle;
  #drainRequested = false;

  constructor(spec: JobSpec, workersWanted: number, firstNumber: number, epoch: number, effects: JobEffects) {
    this.spec = spec;
    this.#effects = effects;
    this.#attempts = new Attempts({
      spec,
      workersWanted,
      firstNumber,
      epoch,
      effects,
      onChange: () => this.#settle(),
      onFailure: (failure) => this.#life.enter("failed", failure),
      onUndeployed: (failure) => this.onFailure(failure),
    });
    this.#life = new JobLifecycle(this.#attempts, effects);
  }

  /** Number of the attempt that workers report about, or of the first one. */
  get attempt(): number {
    return this.#attempts.number;
  }

  /** Number of the latest attempt that was to run, or of the first one. */
  get lastAttempt(): number {
    return this.#attempts.lastNumber;
  }

  get state(): JobState {
    return this.#life.state;
  }

  get failure(): Failure | null {
    return this.#life.failure;
  }

  get ended(): boolean {
    return this.#life.ended;
  }

  /** Workers that the present attempt was begun without, of those that the job was submitted with. */
  get workersMissing(): number {
    return this.#attempts.workersMissing;
  }

  /** Checkpoint that the present attempt began from; null: none. */
  get restored(): number | null {
    return this.#attempts.last?.start.restore?.checkpointId ?? null;
  }

  /** null: the job is not loaded yet. */
  get recovery(): JobRecovery | null {
    return this.#attempts.recovery;
  }

  /** Where the replicas of the present attempt are compared; null: there is no attempt. */
  get outputs(): DivergenceDesk | null {
    return this.#attempt?.outputs ?? null;
  }

  /** Workers that run tasks of this job and are not lost. */
  get liveWorkers(): readonly string[] {
    return this.#attempt?.tasks.liveWorkers ?? [];
  }

  /** Those of them with tasks that have not ended. */
  get openWorkers(): readonly string[] {
    return this.#attempt?.tasks.openWorkers ?? [];
  }

  /** Loads the job; errors in it show before any worker is needed. Once. */
  begin(): void {
    this.#effects.load(this.spec, (error, graph) => this.#onLoaded(error, graph));
  }

  /** The workers that are there, in order of registration; deploys to the first ones once they are enough. */
  onWorkers(workers: readonly WorkerAddress[]): void {
    this.#attempts.setWorkers(workers);
    this.#settle();
  }

  onDeployed(worker: string): void {
    this.#attempt?.onDeployed(worker);
    this.#startWhenDeployed();
  }

  #startWhenDeployed(): void {
    const attempt = this.#attempt;
    this.#attempts.onDeployed();
    if (this.state !== "deploying" || attempt?.isDeployed !== true) return;
    attempt.order({ type: "start" });
    this.recovery?.onRunning(attempt.number, attempt.tasks.placements, attempt.start.restore);
    this.#life.enter("running");
    if (this.#drainRequested) this.drain();
  }

  onTaskState(worker: string, vertex: string, subtask: number, state: TaskState, failure: Failure | null): void {
    const task = this.#attempt?.tasks.openTask(vertex, subtask);
    if (task?.placement.worker !== worker) return;
    task.state = state;
    if (failure !== null && this.restored !== null) this.recovery?.onTaskFailure(this.restored, failure);
    const lost = (message: string) => this.#lose([task.placement], failure ?? { code: "job-failed", message });
    if (state === "failed") lost(`task ${vertex}/${subtask} failed`);
    else if (state === "cancelled") lost(`task ${vertex}/${subtask} was cancelled by worker ${worker}`);
    else if (state === "ended") this.#finishOnceAllEnded();
    this.#settle();
  }

  /** A replica is so far behind that keeping what it lacks costs too much: it is given up, unless no other is left. */
  onReplicaLagging(vertex: string, subtask: number): void {
    const tasks = this.#attempt?.tasks;
    const task = tasks?.openTask(vertex, subtask) ?? null;
    if (task === null || tasks?.hasLiveSibling(task.placement) !== true) return;
    const message = `replica ${vertex}/${subtask} lags too far behind`;
    this.onTaskState(task.placement.worker, vertex, subtask, "failed", { code: "job-failed", message });
  }

  /** Something that the whole job needs does not work. */
  onFailure(failure: Failure): void {
    this.#fail(failure);
    this.#settle();
  }

  onWorkerLost(worker: string, why: string): void {
    if (this.ended || this.#attempt === null || !this.liveWorkers.includes(worker)) return;
    const gone = this.#attempt.loseWorker(worker);
    const failure = { code: "worker-lost", message: `worker ${worker} is lost: ${why}` };
    // What has finished in a replicated job was received by all who needed it.
    if (this.spec.replication === undefined) this.#fail(failure);
    else this.#lose(gone, failure);
    this.#startWhenDeployed();
    this.#settle();
  }

  /** Sources end at the present end of their logs. */
  drain(): void {
    this.#drainRequested = true;
    if (this.state !== "running") return;
    this.#attempt?.order({ type: "drain" });
    this.#life.enter("draining");
  }

  cancel(): void {
    if (this.state === "created") {
      this.#life.enter("cancelled");
    } else if (this.#life.isActive || this.state === "restarting") {
      if (this.#life.isActive) this.#attempt?.order({ type: "cancel" });
      this.#life.enter("cancelling");
      this.#settle();
    }
  }

  #onLoaded(error: Error | null, graph: LogicalGraph | null): void {
    if (this.state !== "created") return;
    try {
      if (graph === null) throw error ?? new FaultlineError("job-invalid", "the job's module gave no graph");
      this.#attempts.load(graph, {
        order: (order) => this.#attempt?.order(order),
        fail: (failure) => this.onFailure(failure),
      });
    } catch (cause) {
      this.#refuse(cause);
      return;
    }
    this.#attempts.prepare(0, null, () => {});
    this.#settle();
  }

  get #attempt(): Attempt | null {
    return this.#attempts.current;
  }

  #begin(): void {
    try {
      const attempt = this.#attempts.begin();
      if (attempt === null) return;
      this.#life.enter("deploying", null);
      attempt.deploy();
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** The job cannot run at all. */
  #refuse(error: unknown): void {
    this.#life.enter("failed", taskFailure(error, `job ${this.spec.jobId}`, "job-invalid"));
  }

  /** Tasks have ended before their time: the job goes on with their siblings if each has one, else it fails. */
  #lose(tasks: readonly TaskPlacement[], failure: Failure): void {
    if (!this.#life.isActive) return;
    if (!tasks.every((task) => this.#attempt?.tasks.hasLiveSibling(task) === true)) {
      this.#fail(failure);
      return;
    }
    for (const task of tasks) {
      this.#effects.replicaLost(task, failure);
      this.#attempt?.order({ type: "replicaLost", vertex: task.vertex, subtask: task.subtask });
    }
    this.#finishOnceAllEnded();
  }

  #finishOnceAllEnded(): void {
    const tasks = this.#attempt?.tasks;
    if (this.#life.isActive && tasks?.allEnded === true && tasks.open.length > 0) this.recovery?.onAllEnded();
  }

  #fail(failure: Failure): void {
    if (!this.#life.isActive) return;
    const decision = this.recovery?.onFailure(failure) ?? { kind: "fail", failure };
    this.#attempt?.order({ type: "cancel" });
    if (decision.kind === "fail") {
      this.#life.enter("failing", decision.failure);
      return;
    }
    this.#life.enter("restarting", failure);
    const attempts = this.#attempts;
    const overdue = () => this.#refuse(restartTimedOut(attempts.open, attempts.missing, failure.message));
    this.#attempts.prepare(decision.delayUs, RESTART_TIMEOUT_US, overdue);
  }

  /** Leaves the states that wait for tasks to end, or for an attempt to begin. */
  #settle(): void {
    if (this.#attempts.open.length > 0) return;
    if (this.state === "failing" || this.state === "cancelling") {
      if (this.#attempts.resolve()) this.#life.enter(this.state === "failing" ? "failed" : "cancelled");
    } else if (this.state === "created" || this.state === "restarting") this.#begin();
    else if (this.#life.isActive && this.outputs?.isPending !== true) this.#life.enter("finished");
  }
}
