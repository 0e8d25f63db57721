import { unreachable } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { LogicalGraph } from "../dataflow/graph.ts";
import { planJob } from "../dataflow/planner.ts";
import { taskFailure } from "../task/task-failure.ts";
import { isTerminal, type JobEffects } from "./job-effects.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Failure, JobState, TaskPlacement, TaskState } from "./messages.ts";
import { placeTasks, taskKey, type WorkerAddress } from "./placement.ts";
import { decideRestart, RESTART_TIMEOUT_US } from "./restart-decision.ts";

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
  readonly #tasks = new Map<string, { readonly placement: TaskPlacement; state: TaskState }>();
  readonly #undeployed = new Set<string>();
  readonly #lost = new Set<string>();
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
    return this.#workersOf([...this.#tasks.values()]);
  }

  /** Those of them with tasks that have not ended. */
  get openWorkers(): readonly string[] {
    return this.#workersOf([...this.#tasks.values()].filter(({ state }) => !isTerminal(state)));
  }

  #workersOf(tasks: readonly { readonly placement: TaskPlacement }[]): readonly string[] {
    return [...new Set(tasks.map(({ placement }) => placement.worker))].filter((worker) => !this.#lost.has(worker));
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
      case "restarting":
        if (this.#isActive()) this.#sendAll("cancel");
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
    this.#deploy(this.#graph, this.#available.slice(0, this.#workersWanted));
  }

  #deploy(graph: LogicalGraph, workers: readonly WorkerAddress[]): void {
    let placements: readonly TaskPlacement[];
    try {
      const { parallelism, keyGroups } = this.spec;
      placements = placeTasks(planJob(graph, { parallelism, keyGroups }), workers);
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
    const decision = decideRestart(failure, this.spec.recovery ?? "none", this.#restarts);
    this.#failure = decision.kind === "fail" ? decision.failure : failure;
    this.#sendAll("cancel");
    if (decision.kind === "fail") this.#enter("failing");
    else this.#awaitRestart();
  }

  #awaitRestart(): void {
    this.#enter("restarting");
    const restarts = this.#restarts;
    this.#effects.after(RESTART_TIMEOUT_US, () => {
      if (this.#state !== "restarting" || this.#restarts !== restarts) return;
      const open = [...this.#tasks].filter(([, { state }]) => !isTerminal(state)).map(([name]) => name);
      const why = open.length > 0 ? `tasks have not ended: ${open.join(", ")}` : "there is no worker";
      const cause = `${why}; it was needed because ${this.#failure?.message}`;
      this.#refuse(new FaultlineError("job-failed", `no restart within ${RESTART_TIMEOUT_US / 1e6} s, ${cause}`));
    });
  }

  /** The next attempt, from the beginning of the input, on whatever workers are there, at most as many as were wanted. */
  #restart(): void {
    if (this.#graph === null) return;
    this.#restarts++;
    this.#attempt = this.#effects.nextAttempt();
    this.#failure = null;
    this.#tasks.clear();
    this.#undeployed.clear();
    this.#lost.clear();
    this.#deploy(this.#graph, this.#available.slice(0, this.#workersWanted));
  }

  /** Leaves the states that wait for tasks to end. */
  #settle(): void {
    const tasks = [...this.#tasks.values()];
    if (!tasks.every(({ state }) => isTerminal(state))) return;
    if (this.#state === "failing") this.#enter("failed");
    else if (this.#state === "cancelling") this.#enter("cancelled");
    else if (this.#state === "restarting" && this.#available.length > 0) this.#restart();
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
