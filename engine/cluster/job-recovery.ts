import { AttemptCount } from "../checkpoint/attempt-count.ts";
import { CheckpointCoordinator } from "../checkpoint/checkpoint-coordinator.ts";
import { findRestorePoint, loadRestorePoint, type RestoringJob } from "../checkpoint/restore-point.ts";
import type { World } from "../ports.ts";
import { instanceOf } from "../replication/subtask.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { CheckpointPhase, CheckpointReport, RestorePoint } from "./checkpoint-facts.ts";
import type { JobOrder } from "./job-effects.ts";
import { checkpointsOf, DEFAULT_RESTART, type JobSpec, leavesTransactions } from "./job-spec.ts";
import type { Failure, TaskPlacement, WorkerToCoordinator } from "./messages.ts";
import { taskKey } from "./placement.ts";
import type { SnapshotShape } from "./plan-of-job.ts";
import type { RestartDecision } from "./restart-strategy.ts";
import { RestartDecider } from "./restart-strategy.ts";

type SnapshotReport = Extract<WorkerToCoordinator, { readonly type: "snapshotStored" | "snapshotFailed" }>;

/** What the input and the settings of a replicated job make of every attempt. */
const SAME_AGAIN: readonly string[] = ["replicas-diverged", "epoch-too-large"];

/** Where an attempt of a job begins. */
export interface JobStart {
  /** null: with empty state. */
  readonly restore: RestorePoint | null;
  /** Sources begin at the present end of their logs. */
  readonly fromEnd: boolean;
  /** Number of the attempt: at least the one that was proposed. */
  readonly attempt: number;
}

/** What the recovery of a job asks of its run. */
export interface RecoveryEffects {
  /** Tells all workers of the present attempt. */
  order(order: JobOrder): void;
  fail(failure: Failure): void;
}

/** Where it is told what checkpoints do. */
export interface CheckpointListener {
  onPhase(checkpointId: number, phase: CheckpointPhase): void;
  onReport(report: CheckpointReport): void;
}

export type RecoveryWorld = Pick<World, "clock" | "timers" | "store" | "journal" | "random">;

/**
 * How a job survives: its restart strategy, its checkpoints while an attempt runs, and the place where the next attempt begins. Knows
 * nothing of workers and tasks but their names.
 */
export class JobRecovery {
  readonly #spec: JobSpec;
  readonly #world: RecoveryWorld;
  readonly #checkpoints: CheckpointCoordinator | null;
  readonly #restarts: RestartDecider;
  readonly #shape: SnapshotShape;
  /** null: its attempts leave nothing behind that a later one must know of. */
  readonly #attempts: AttemptCount | null;
  /** Checkpoints that a worker could not read. */
  readonly #damaged = new Set<number>();
  #started = false;
  #hasRun = false;

  constructor(
    spec: JobSpec,
    shape: SnapshotShape,
    world: RecoveryWorld,
    effects: RecoveryEffects,
    listener: CheckpointListener,
  ) {
    this.#spec = spec;
    this.#world = world;
    this.#shape = shape;
    const { clock, random } = world;
    const strategy =
      (spec.recovery ?? "none") === "none" ? ({ kind: "none" } as const) : (spec.restart ?? DEFAULT_RESTART);
    this.#restarts = new RestartDecider(strategy, { clock, random });
    const settings = checkpointsOf(spec);
    const { jobId } = spec;
    this.#attempts = leavesTransactions(spec) ? new AttemptCount(world, jobId) : null;
    this.#checkpoints =
      settings === null
        ? null
        : new CheckpointCoordinator({
            jobId,
            settings,
            graphHash: shape.graphHash,
            world,
            effects: {
              trigger: (order) => effects.order({ type: "checkpoint", ...order }),
              complete: (checkpointId) => effects.order({ type: "checkpointComplete", checkpointId }),
              abort: (checkpointId, fate) => effects.order({ type: "checkpointAborted", checkpointId, fate }),
              phase: (checkpointId, phase) => listener.onPhase(checkpointId, phase),
              report: (report) => listener.onReport(report),
              fail: (failure) => effects.fail(failure),
            },
          });
  }

  /** Finds out where the next attempt begins, and its number: `proposed` or more. `done` may come much later; `snapshot-corrupt` when there is nothing left to start from. */
  findStart(proposed: number, done: (failure: Failure | null, start: JobStart | null) => void): void {
    const { recovery, guarantee, restoreFrom, jobId } = this.#spec;
    const isFirst = !this.#started;
    const world = this.#world;
    const job: RestoringJob = this.#shape;
    const found = (error: Error | null, restore: RestorePoint | null) => {
      if (error === null) this.#claimNumber(proposed, { restore, fromEnd: false }, done);
      else done(taskFailure(error, `restore of job ${jobId}`, "snapshot-corrupt"), null);
    };
    const original = () => {
      if (restoreFrom === undefined) found(null, null);
      else loadRestorePoint(world, restoreFrom, job, found, this.#damaged);
    };
    if (isFirst || recovery === "scratch") {
      original();
    } else if (guarantee === "at-most-once") {
      done(null, { restore: null, fromEnd: true, attempt: proposed });
    } else {
      const from = this.#checkpoints?.firstId;
      const complete = this.#checkpoints?.completeId ?? null;
      const own = { ...(from === undefined ? {} : { from }), ...(complete === null ? {} : { complete }) };
      findRestorePoint({ world, jobId, job, excluding: this.#damaged, ...own }, (error, restore) => {
        if (error === null && restore === null) original();
        else found(error, restore);
      });
    }
  }

  #claimNumber(
    proposed: number,
    start: Omit<JobStart, "attempt">,
    done: (failure: Failure | null, start: JobStart | null) => void,
  ): void {
    const claimed = (error: Error | null, attempt: number | null) => {
      // The first attempt begins where it was told to, also when that takes several tries.
      if (attempt !== null) this.#started = true;
      if (attempt !== null) done(null, { ...start, attempt });
      else done(taskFailure(error, `number of an attempt of job ${this.#spec.jobId}`, "checkpoint-failed"), null);
    };
    if (this.#attempts === null) claimed(null, proposed);
    else this.#attempts.claim(proposed, claimed);
  }

  /** What follows a failure. Replicas that diverge would do so again, and an epoch be too large. Behind a savepoint that was to be the end nothing does: what began from it may run already. */
  onFailure(failure: Failure): RestartDecision {
    if (SAME_AGAIN.includes(failure.code)) return { kind: "fail", failure };
    const folder = this.#checkpoints?.endedWith ?? null;
    if (folder === null) return this.#restarts.onFailure(failure);
    const hint = "not all of its tasks had ended: a job that starts from there commits what they had not";
    const message = `${failure.message}; the job had stopped with the savepoint in "${folder}" (${hint})`;
    return { kind: "fail", failure: { ...failure, message } };
  }

  /** The attempt runs: checkpoints begin. */
  onRunning(attempt: number, tasks: readonly TaskPlacement[], restore: RestorePoint | null): void {
    this.#restarts.onRunning();
    this.#hasRun = true;
    const instances = tasks.map((task) => ({ vertex: task.vertex, subtask: this.#instanceOf(task) }));
    const wanted = new Map(instances.map((instance) => [taskKey(instance.vertex, instance.subtask), instance]));
    this.#checkpoints?.begin(attempt, [...wanted.values()], restore);
  }

  /** The attempt runs no more: `settled` when nothing of its checkpoints is under way. */
  onStopped(settled: () => void): void {
    if (this.#checkpoints === null) settled();
    else this.#checkpoints.end(settled);
  }

  /** Its attempts may have left transactions that nobody ends. Behind a savepoint that was to be the end, who starts from there does. */
  get leavesTransactions(): boolean {
    return this.#hasRun && this.#attempts !== null && !this.#hasEnded;
  }

  get #hasEnded(): boolean {
    return this.#checkpoints !== null && this.#checkpoints.endedWith !== null;
  }

  /** To start from there loses nothing of what is known to be complete. */
  covers({ restore }: JobStart): boolean {
    return (restore?.checkpointId ?? 0) >= (this.#checkpoints?.completeId ?? 0);
  }

  /** The job has ended, after `onStopped`: its checkpoints go, unless they are to be kept or transactions are left that they name. */
  onEnded(isResolved: boolean): void {
    const { jobId } = this.#spec;
    if (!isResolved)
      this.#world.journal.write("transactionsLeft", { jobId, checkpointId: this.#checkpoints?.completeId });
    else if (checkpointsOf(this.#spec)?.keepAtEnd === false) this.#checkpoints?.discard();
  }

  /** All tasks have ended and wait for a checkpoint that covers this. */
  onAllEnded(): void {
    this.#checkpoints?.final();
  }

  onSnapshot(report: SnapshotReport): void {
    const { checkpointId } = report;
    if (report.type === "snapshotStored") {
      const handle = { ...report.handle, subtask: this.#instanceOf(report.handle) };
      this.#checkpoints?.onStored(checkpointId, handle, report.cost);
    } else if ((this.#shape.replicas[report.vertex] ?? 1) > 1) {
      // One of its siblings may have stored the same; if none does, the checkpoint's time limit ends it.
      const { vertex, subtask, failure } = report;
      this.#world.journal.write("replicaSnapshotFailed", { checkpointId, vertex, subtask, message: failure.message });
    } else this.#checkpoints?.onFailed(checkpointId, report, report.failure);
  }

  /** Replicas of one instance save the same: the first of them counts. */
  #instanceOf({ vertex, subtask }: { readonly vertex: string; readonly subtask: number }): number {
    return instanceOf(subtask, this.#shape.replicas[vertex] ?? 1);
  }

  /** A task of the attempt that began from this checkpoint has failed: when it could not read its part, the next one begins elsewhere. */
  onTaskFailure(checkpointId: number, { code }: Failure): void {
    if (code === "snapshot-corrupt" || code === "snapshot-missing") this.#damaged.add(checkpointId);
  }

  /** Why there is no savepoint, or null: `report` follows when it is complete. */
  savepoint(folder: string, last: boolean, done: (failure: Failure | null) => void): void {
    if (this.#checkpoints !== null) {
      this.#checkpoints.savepoint(folder, last, (failure) => done(failure));
      return;
    }
    done({ code: "job-invalid", message: `job "${this.#spec.jobId}" takes no checkpoints, so no savepoint either` });
  }
}
