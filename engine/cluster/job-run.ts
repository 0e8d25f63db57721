import type { LogicalGraph } from "../dataflow/graph.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { JobEffects, JobOrder } from "./job-effects.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure, JobState, TaskPlacement, TaskState } from "./messages.ts";
import { placeTasks, type WorkerAddress } from "./placement.ts";
import { planOfJob } from "./plan-of-job.ts";
import { decideRestart, RESTART_TIMEOUT_US, restartTimedOut } from "./restart-decision.ts";
import { TaskTable } from "./task-table.ts";

/**
 * A job, as the coordinator sees it:
 *
 *     created → deploying → running → (draining) → finished
 *     any of the middle ones → failing → failed, and → cancelling → cancelled
 *     any of the middle ones → restarting → deploying … as the next attempt, on the workers that are there then
 *
 * It leaves `failing`, `cancelling` and `restarting` when every task has ended or its worker is lost: two attempts never run at once.
 */
export class JobRun {
  readonly spec: JobSpec;
  #attempt: number;
  readonly #epoch: number;
  readonly #workersWanted: number;
  readonly #effects: JobEffects;
  #tasks = new TaskTable({ vertices: [] }, []);
  readonly #undeployed = new Set<string>();
  /** The workers that are there while the job waits for enough of them. */
  #available: readonly WorkerAddress[] = [];
  #graph: LogicalGraph | null = null;
  #state: JobState = "created";
  #failure: Failure | null = null;
  #drainRequested = false;
  #restarts = 0;

  constructor(spec: JobSpec, workersWanted: number, attempt: number, epoch: number, effects: JobEffects) {
    this.spec = spec;
    this.#attempt = attempt;
    this.#epoch = epoch;
    this.#workersWanted = workersWanted;
    this.#effects = effects;
  }

  get attempt(): number {
    return this.#attempt;
  }

  get state(): JobState {
    return this.#state;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  get ended(): boolean {
    return this.#state === "finished" || this.#state === "failed" || this.#state === "cancelled";
  }

  /** Workers that run tasks of this job and are not lost. */
  get liveWorkers(): readonly string[] {
    return this.#tasks.liveWorkers;
  }

  /** Those of them with tasks that have not ended. */
  get openWorkers(): readonly string[] {
    return this.#tasks.openWorkers;
  }

  /** Loads the job; errors in it show before any worker is needed. Once. */
  begin(): void {
    this.#effects.load(this.spec, (error, graph) => this.#onLoaded(error, graph));
  }

  /** The workers that are there, in order of registration; deploys to the first ones once they are enough. */
  onWorkers(workers: readonly WorkerAddress[]): void {
    this.#available = workers;
    if (this.#state === "created") this.#deployWhenPossible();
    else if (this.#state === "restarting") this.#settle();
  }

  onDeployed(worker: string): void {
    this.#undeployed.delete(worker);
    this.#startWhenDeployed();
  }

  #startWhenDeployed(): void {
    if (this.#state !== "deploying" || this.#undeployed.size > 0) return;
    this.#sendAll({ type: "start" });
    this.#enter("running");
    if (this.#drainRequested) this.drain();
  }

  onTaskState(worker: string, vertex: string, subtask: number, state: TaskState, failure: Failure | null): void {
    const task = this.#tasks.openTask(vertex, subtask);
    if (task?.placement.worker !== worker) return;
    task.state = state;
    const lost = (message: string) => this.#lose([task.placement], failure ?? { code: "job-failed", message });
    if (state === "failed") lost(`task ${vertex}/${subtask} failed`);
    else if (state === "cancelled") lost(`task ${vertex}/${subtask} was cancelled by worker ${worker}`);
    this.#settle();
  }

  /** A replica is so far behind that keeping what it lacks costs too much: it is given up, unless no other is left. */
  onReplicaLagging(vertex: string, subtask: number): void {
    const task = this.#tasks.openTask(vertex, subtask);
    if (task === null || !this.#tasks.hasLiveSibling(task.placement)) return;
    const message = `replica ${vertex}/${subtask} lags too far behind`;
    this.onTaskState(task.placement.worker, vertex, subtask, "failed", { code: "job-failed", message });
  }

  /** Something that the whole job needs does not work. */
  onFailure(failure: Failure): void {
    this.#fail(failure);
    this.#settle();
  }

  onWorkerLost(worker: string, why: string): void {
    if (this.ended || !this.liveWorkers.includes(worker)) return;
    const gone = this.#tasks.loseWorker(worker);
    this.#undeployed.delete(worker);
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
    if (this.#state !== "running") return;
    this.#sendAll({ type: "drain" });
    this.#enter("draining");
  }

  cancel(): void {
    if (this.#state === "created") {
      this.#enter("cancelled");
    } else if (this.#isActive() || this.#state === "restarting") {
      if (this.#isActive()) this.#sendAll({ type: "cancel" });
      this.#enter("cancelling");
      this.#settle();
    }
  }

  #onLoaded(error: Error | null, graph: LogicalGraph | null): void {
    if (this.#state !== "created") return;
    this.#graph = graph;
    if (graph === null) this.#refuse(error ?? "no graph");
    else this.#deployWhenPossible();
  }

  #deployWhenPossible(): void {
    if (this.#graph === null || this.#available.length < this.#workersWanted) return;
    this.#deploy(this.#graph, this.#available.slice(0, this.#workersWanted));
  }

  #deploy(graph: LogicalGraph, workers: readonly WorkerAddress[]): void {
    let placements: readonly TaskPlacement[];
    try {
      const plan = planOfJob(graph, this.spec);
      placements = placeTasks(plan, workers);
      this.#tasks = new TaskTable(plan, placements);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    for (const { worker } of placements) this.#undeployed.add(worker);
    this.#enter("deploying");
    for (const worker of this.liveWorkers) {
      const { attempt, spec: job } = this;
      this.#effects.send(worker, { type: "deploy", epoch: this.#epoch, attempt, job, placements });
    }
  }

  /** The job cannot run at all. */
  #refuse(error: unknown): void {
    this.#failure = taskFailure(error, `job ${this.spec.jobId}`, "job-invalid");
    this.#enter("failed");
  }

  #isActive(): boolean {
    return this.#state === "deploying" || this.#state === "running" || this.#state === "draining";
  }

  /** Tasks have ended before their time: the job goes on with their siblings if each has one, else it fails. */
  #lose(tasks: readonly TaskPlacement[], failure: Failure): void {
    if (!this.#isActive()) return;
    if (!tasks.every((task) => this.#tasks.hasLiveSibling(task))) {
      this.#fail(failure);
      return;
    }
    for (const task of tasks) {
      this.#effects.replicaLost(task, failure);
      this.#sendAll({ type: "replicaLost", vertex: task.vertex, subtask: task.subtask });
    }
  }

  #fail(failure: Failure): void {
    if (!this.#isActive()) return;
    const decision = decideRestart(failure, this.spec.recovery ?? "none", this.#restarts);
    this.#failure = decision.kind === "fail" ? decision.failure : failure;
    this.#sendAll({ type: "cancel" });
    if (decision.kind === "fail") this.#enter("failing");
    else this.#awaitRestart();
  }

  #awaitRestart(): void {
    this.#enter("restarting");
    const restarts = this.#restarts;
    this.#effects.after(RESTART_TIMEOUT_US, () => {
      if (this.#state !== "restarting" || this.#restarts !== restarts) return;
      this.#refuse(restartTimedOut(this.#tasks.open, this.#failure?.message ?? "it failed"));
    });
  }

  /** The next attempt, from the beginning of the input, on whatever workers are there, at most as many as were wanted. */
  #restart(): void {
    if (this.#graph === null) return;
    this.#restarts++;
    this.#attempt = this.#effects.nextAttempt();
    this.#failure = null;
    this.#tasks = new TaskTable({ vertices: [] }, []);
    this.#undeployed.clear();
    this.#deploy(this.#graph, this.#available.slice(0, this.#workersWanted));
  }

  /** Leaves the states that wait for tasks to end. */
  #settle(): void {
    if (this.#tasks.open.length > 0) return;
    if (this.#state === "failing") this.#enter("failed");
    else if (this.#state === "cancelling") this.#enter("cancelled");
    else if (this.#state === "restarting" && this.#available.length > 0) this.#restart();
    else if (this.#isActive()) this.#enter("finished");
  }

  #sendAll(order: JobOrder): void {
    const about = { epoch: this.#epoch, jobId: this.spec.jobId, attempt: this.#attempt };
    for (const worker of this.liveWorkers) this.#effects.send(worker, { ...order, ...about });
  }

  #enter(state: JobState): void {
    this.#state = state;
    this.#effects.transition(state, this.#failure);
  }
}
