import { assert, unreachable } from "../../base/assert.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import { planJob } from "../dataflow/planner.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { JobSpec } from "./job-spec.ts";
import type { CoordinatorToWorker, Failure, JobState, TaskPlacement, TaskState } from "./messages.ts";
import { placeTasks, taskKey, type WorkerAddress } from "./placement.ts";
import { decideRestart } from "./restart-decision.ts";

/** What a job run does to the world around it. */
export interface JobEffects {
  load(spec: JobSpec, done: (error: Error | null, graph: LogicalGraph | null) => void): void;
  send(worker: string, message: CoordinatorToWorker): void;
  transition(state: JobState, failure: Failure | null): void;
}

/**
 * One attempt of a job, as the coordinator sees it:
 *
 *     created → deploying → running → (draining) → finished
 *     any of the middle ones → failing → failed, and → cancelling → cancelled
 *
 * It leaves `failing` and `cancelling` when every task has ended or its worker is lost.
 */
export class JobRun {
  readonly spec: JobSpec;
  readonly attempt: number;
  readonly #epoch: number;
  readonly #workersWanted: number;
  readonly #effects: JobEffects;
  readonly #tasks = new Map<string, { readonly placement: TaskPlacement; state: TaskState }>();
  readonly #undeployed = new Set<string>();
  readonly #lost = new Set<string>();
  /** The workers that are there while the job waits for enough of them. */
  #available: readonly WorkerAddress[] = [];
  #graph: LogicalGraph | null = null;
  #state: JobState = "created";
  #failure: Failure | null = null;
  #drainRequested = false;

  constructor(spec: JobSpec, workersWanted: number, attempt: number, epoch: number, effects: JobEffects) {
    this.spec = spec;
    this.attempt = attempt;
    this.#epoch = epoch;
    this.#workersWanted = workersWanted;
    this.#effects = effects;
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
    const workers = new Set<string>();
    for (const { placement } of this.#tasks.values()) {
      if (!this.#lost.has(placement.worker)) workers.add(placement.worker);
    }
    return [...workers];
  }

  /** Loads the job; errors in it show before any worker is needed. Once. */
  begin(): void {
    this.#effects.load(this.spec, (error, graph) => this.#onLoaded(error, graph));
  }

  /** The workers that are there, in order of registration; deploys to the first ones once they are enough. */
  onWorkers(workers: readonly WorkerAddress[]): void {
    if (this.#state !== "created") return;
    this.#available = workers;
    this.#deployWhenPossible();
  }

  onDeployed(worker: string): void {
    this.#undeployed.delete(worker);
    if (this.#state !== "deploying" || this.#undeployed.size > 0) return;
    this.#sendAll("start");
    this.#enter("running");
    if (this.#drainRequested) this.drain();
  }

  onTaskState(worker: string, vertex: string, subtask: number, state: TaskState, failure: Failure | null): void {
    const task = this.#tasks.get(taskKey(vertex, subtask));
    if (task === undefined || task.placement.worker !== worker || isTerminal(task.state)) return;
    task.state = state;
    if (state === "failed") this.#fail(failure ?? { code: "job-failed", message: `task ${vertex}/${subtask} failed` });
    else if (state === "cancelled" && this.#isActive()) {
      this.#fail({ code: "job-failed", message: `task ${vertex}/${subtask} was cancelled by worker ${worker}` });
    }
    this.#settle();
  }

  onWorkerLost(worker: string, why: string): void {
    if (this.ended || !this.liveWorkers.includes(worker)) return;
    this.#lost.add(worker);
    for (const task of this.#tasks.values()) {
      if (task.placement.worker === worker && !isTerminal(task.state)) task.state = "failed";
    }
    this.#fail({ code: "worker-lost", message: `worker ${worker} is lost: ${why}` });
    this.#settle();
  }

  /** Sources end at the present end of their logs. */
  drain(): void {
    this.#drainRequested = true;
    if (this.#state !== "running") return;
    this.#sendAll("drain");
    this.#enter("draining");
  }

  cancel(): void {
    switch (this.#state) {
      case "created":
        this.#enter("cancelled");
        return;
      case "deploying":
      case "running":
      case "draining":
        this.#sendAll("cancel");
        this.#enter("cancelling");
        this.#settle();
        return;
      case "failing":
      case "cancelling":
      case "finished":
      case "failed":
      case "cancelled":
        return;
      default:
        unreachable(this.#state, "job state");
    }
  }

  #onLoaded(error: Error | null, graph: LogicalGraph | null): void {
    if (this.#state !== "created") return;
    if (error !== null || graph === null) {
      this.#refuse(error ?? "no graph");
      return;
    }
    this.#graph = graph;
    this.#deployWhenPossible();
  }

  #deployWhenPossible(): void {
    if (this.#graph === null || this.#available.length < this.#workersWanted) return;
    let placements: readonly TaskPlacement[];
    try {
      const { parallelism, keyGroups } = this.spec;
      const plan = planJob(this.#graph, { parallelism, keyGroups });
      placements = placeTasks(plan, this.#available.slice(0, this.#workersWanted));
    } catch (error) {
      this.#refuse(error);
      return;
    }
    for (const placement of placements) {
      this.#tasks.set(taskKey(placement.vertex, placement.subtask), { placement, state: "created" });
      this.#undeployed.add(placement.worker);
    }
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

  #fail(failure: Failure): void {
    if (!this.#isActive()) return;
    this.#failure = failure;
    const decision = decideRestart(failure);
    assert(decision.kind === "fail", "no restart strategies yet");
    this.#sendAll("cancel");
    this.#enter("failing");
  }

  /** Leaves the states that wait for tasks to end. */
  #settle(): void {
    const tasks = [...this.#tasks.values()];
    if (!tasks.every(({ state }) => isTerminal(state))) return;
    if (this.#state === "failing") this.#enter("failed");
    else if (this.#state === "cancelling") this.#enter("cancelled");
    else if (this.#isActive()) this.#enter("finished");
  }

  #sendAll(type: "start" | "drain" | "cancel"): void {
    const { attempt } = this;
    const { jobId } = this.spec;
    for (const worker of this.liveWorkers) {
      this.#effects.send(worker, { type, epoch: this.#epoch, jobId, attempt });
    }
  }

  #enter(state: JobState): void {
    this.#state = state;
    this.#effects.transition(state, this.#failure);
  }
}

function isTerminal(state: TaskState): boolean {
  return state === "finished" || state === "failed" || state === "cancelled";
}
