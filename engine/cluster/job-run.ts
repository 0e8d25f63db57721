import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { JobEffects, JobOrder } from "./job-effects.ts";
import type { JobRecovery, JobStart } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure, JobState, TaskPlacement, TaskState, WorkerToCoordinator } from "./messages.ts";
import { NextAttempt } from "./next-attempt.ts";
import { placeTasks, type WorkerAddress } from "./placement.ts";
import { planOfJob, snapshotShape } from "./plan-of-job.ts";
import { RESTART_TIMEOUT_US, restartTimedOut } from "./restart-strategy.ts";
import { TaskTable } from "./task-table.ts";

type SnapshotReport = Extract<WorkerToCoordinator, { readonly type: "snapshotStored" | "snapshotFailed" }>;

/**
 * A job, as the coordinator sees it:
 *
 *     created → deploying → running → (draining) → finished
 *     any of the middle ones → failing → failed, and → cancelling → cancelled
 *     any of the middle ones → restarting → deploying … as the next attempt, on the workers that are there then, from where its
 *     recovery says
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
  /** null: the job is not loaded yet. */
  #recovery: JobRecovery | null = null;
  /** Where the present attempt began. */
  #start: JobStart | null = null;
  /** While the job starts again. */
  #next: NextAttempt | null = null;

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

  /** Checkpoint that the present attempt began from; null: none. */
  get restored(): number | null {
    return this.#start?.restore?.checkpointId ?? null;
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
    this.#recovery?.onRunning(this.#attempt, this.#tasks.placements, present(this.#start, "start of the attempt"));
    this.#enter("running");
    if (this.#drainRequested) this.drain();
  }

  onTaskState(worker: string, vertex: string, subtask: number, state: TaskState, failure: Failure | null): void {
    const task = this.#tasks.openTask(vertex, subtask);
    if (task?.placement.worker !== worker) return;
    task.state = state;
    if (failure?.code === "snapshot-corrupt" || failure?.code === "snapshot-missing") this.#onDamaged();
    const lost = (message: string) => this.#lose([task.placement], failure ?? { code: "job-failed", message });
    if (state === "failed") lost(`task ${vertex}/${subtask} failed`);
    else if (state === "cancelled") lost(`task ${vertex}/${subtask} was cancelled by worker ${worker}`);
    else if (state === "ended" && this.#isActive() && this.#tasks.allEnded) this.#recovery?.onAllEnded();
    this.#settle();
  }

  onSnapshot(report: SnapshotReport): void {
    const { checkpointId } = report;
    if (report.type === "snapshotStored") this.#recovery?.onStored(checkpointId, report.handle, report.cost);
    else this.#recovery?.onFailed(checkpointId, report, report.failure);
  }

  /** Asks for a checkpoint that is kept; with `stop` the job ends with it. `done` with why not. */
  savepoint(folder: string, stop: boolean, done: (failure: Failure | null) => void): void {
    if (this.#state === "running" && this.#recovery !== null) this.#recovery.savepoint(folder, stop, done);
    else
      done({ code: "job-invalid", message: `job "${this.spec.jobId}" is ${this.#state}: no savepoint can be taken` });
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
    if (graph === null) {
      this.#refuse(error ?? "no graph");
      return;
    }
    try {
      this.#recovery = this.#effects.recovery(snapshotShape(planOfJob(graph, this.spec)), {
        order: (order) => this.#sendAll({ type: "checkpoint", ...order }),
        complete: (checkpointId) => this.#sendAll({ type: "checkpointComplete", checkpointId }),
        abort: (checkpointId) => this.#sendAll({ type: "checkpointAborted", checkpointId }),
        phase: (checkpointId, phase) => this.#effects.checkpointPhase(checkpointId, phase),
        report: (report) => this.#effects.checkpointReport(report),
        fail: (failure) => this.onFailure(failure),
      });
    } catch (cause) {
      this.#refuse(cause);
      return;
    }
    this.#graph = graph;
    this.#recovery.findStart((failure, start) => {
      if (this.#state !== "created") return;
      this.#start = start;
      if (failure === null) this.#deployWhenPossible();
      else this.#refuse(new FaultlineError("snapshot-corrupt", failure.message));
    });
  }

  #deployWhenPossible(): void {
    const [graph, start] = [this.#graph, this.#start];
    if (graph === null || start === null || this.#available.length < this.#workersWanted) return;
    this.#deploy(graph, this.#available.slice(0, this.#workersWanted), start);
  }

  #deploy(graph: LogicalGraph, workers: readonly WorkerAddress[], { restore, fromEnd }: JobStart): void {
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
      this.#effects.send(worker, { type: "deploy", epoch: this.#epoch, attempt, job, placements, restore, fromEnd });
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
    const decision = this.#recovery?.onFailure(failure) ?? { kind: "fail", failure };
    this.#failure = decision.kind === "fail" ? decision.failure : failure;
    this.#sendAll({ type: "cancel" });
    if (decision.kind === "fail") this.#enter("failing");
    else this.#awaitRestart(decision.delayUs);
  }

  /** What the attempt was to begin from cannot be read. */
  #onDamaged(): void {
    const restore = this.#start?.restore ?? null;
    if (restore !== null) this.#recovery?.onDamaged(restore.checkpointId);
  }

  #awaitRestart(delayUs: number): void {
    const recovery = present(this.#recovery, "recovery of a job that ran");
    this.#enter("restarting");
    const next = new NextAttempt(delayUs, {
      recovery,
      after: (us, callback) => this.#effects.after(us, callback),
      onChange: () => this.#settle(),
      onFailure: (failure) => {
        if (this.#state === "restarting") this.#refuse(new FaultlineError("snapshot-corrupt", failure.message));
      },
    });
    this.#next = next;
    this.#effects.after(delayUs + RESTART_TIMEOUT_US, () => {
      if (this.#state !== "restarting" || this.#next !== next) return;
      this.#refuse(restartTimedOut(this.#tasks.open, this.#failure?.message ?? "it failed"));
    });
  }

  /** The next attempt, on whatever workers are there, at most as many as were wanted. */
  #restart(graph: LogicalGraph, start: JobStart): void {
    this.#next = null;
    this.#start = start;
    this.#attempt = this.#effects.nextAttempt();
    this.#failure = null;
    this.#tasks = new TaskTable({ vertices: [] }, []);
    this.#undeployed.clear();
    this.#deploy(graph, this.#available.slice(0, this.#workersWanted), start);
  }

  /** Leaves the states that wait for tasks to end. */
  #settle(): void {
    if (this.#tasks.open.length > 0) return;
    if (this.#state === "failing") this.#enter("failed");
    else if (this.#state === "cancelling") this.#enter("cancelled");
    else if (this.#state === "restarting") this.#restartWhenPossible();
    else if (this.#isActive()) this.#enter("finished");
  }

  #restartWhenPossible(): void {
    const start = this.#next?.start ?? null;
    if (start !== null && this.#graph !== null && this.#available.length > 0) this.#restart(this.#graph, start);
  }

  #sendAll(order: JobOrder): void {
    const about = { epoch: this.#epoch, jobId: this.spec.jobId, attempt: this.#attempt };
    for (const worker of this.liveWorkers) this.#effects.send(worker, { ...order, ...about });
  }

  #enter(state: JobState): void {
    this.#state = state;
    if (state !== "restarting") this.#next?.abandon();
    if (state === "failing" || state === "cancelling") this.#recovery?.onStopped(() => {});
    else if (this.ended) this.#recovery?.onStopped(() => this.#recovery?.onEnded());
    this.#effects.transition(state, this.#failure);
  }
}
