import { assert, present } from "../../base/assert.ts";
import type { CheckpointReport, SnapshotCost, SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import type { CheckpointSettings } from "../cluster/job-spec.ts";
import type { Failure } from "../cluster/messages.ts";
import type { Timer, World } from "../ports.ts";
import type { CheckpointEffects } from "./checkpoint-effects.ts";
import { CheckpointFiles } from "./checkpoint-files.ts";
import { type Aborted, CheckpointRun } from "./checkpoint-run.ts";
import { CheckpointSchedule } from "./checkpoint-schedule.ts";
import { checkpointFolder, jobFolder } from "./paths.ts";
import type { CheckpointFacts, CheckpointKind, CheckpointTask } from "./pending-checkpoint.ts";
import { RetainedCheckpoints } from "./retained-checkpoints.ts";
import { type SavepointDone, SavepointQueue, type SavepointRequest } from "./savepoint-queue.ts";

export interface CheckpointCoordinatorConfig {
  readonly jobId: string;
  readonly settings: CheckpointSettings;
  /** Of the job's plan: what is restored must fit into it. */
  readonly graphHash: string;
  readonly world: Pick<World, "clock" | "timers" | "store" | "journal">;
  readonly effects: CheckpointEffects;
}

/**
 * Decides when checkpoints of a job are taken, over all its attempts (coordinator of asynchronous barrier snapshots, Carbone et al. 2015):
 * one at a time, ids only grow, complete when every task's part and after them the metadata are durable. Savepoints and the final one go
 * before periodic ones. A savepoint has an entry among the job's checkpoints: sinks commit with it, so recovery must not go back behind it.
 */
export class CheckpointCoordinator {
  readonly #config: CheckpointCoordinatorConfig;
  readonly #retained: RetainedCheckpoints;
  readonly #run: CheckpointRun;
  readonly #savepoints: SavepointQueue;
  readonly #schedule: CheckpointSchedule;
  #attempt: { readonly number: number; readonly tasks: readonly CheckpointTask[] } | null = null;
  #scan: "none" | "running" | "done" = "none";
  #restoredId: number | null = null;
  #nextId = 1;
  #firstId = Number.POSITIVE_INFINITY;
  /** The request that the checkpoint in progress answers. */
  #savepoint: SavepointRequest | null = null;
  #alarm: Timer | null = null;
  #finalWanted = false;
  #lastId: number | null = null;
  /** The last one is complete. */
  #isOver = false;
  #endedWith: string | null = null;
  #completeId: number | null = null;
  #failures = 0;

  constructor(config: CheckpointCoordinatorConfig) {
    const { world, jobId, settings } = config;
    this.#config = config;
    this.#retained = new RetainedCheckpoints(world, jobId, settings.retain);
    this.#run = new CheckpointRun(world, new CheckpointFiles(world, this.#retained, config), settings.timeoutUs, {
      onAcknowledged: (checkpointId) => config.effects.phase(checkpointId, "acknowledged"),
      onEnded: (facts, aborted, report) => this.#onEnded(facts, aborted, report),
      onFate: (checkpointId, fate) => config.effects.abort(checkpointId, fate),
    });
    this.#savepoints = new SavepointQueue(world.store, jobId, () => this.#proceed());
    this.#schedule = new CheckpointSchedule(settings);
  }

  /** Folder of the savepoint that the job has ended with; null: it has not. */
  get endedWith(): string | null {
    return this.#endedWith;
  }

  /** The newest complete checkpoint that this coordinator has triggered; null: none. */
  get completeId(): number | null {
    return this.#completeId;
  }

  /** The first checkpoint that this coordinator has triggered; Infinity: none. */
  get firstId(): number {
    return this.#firstId;
  }

  /**
   * All tasks of this attempt run; the first checkpoint comes an interval later. `restored`: what they started from. Ids go on after it,
   * and newer ones than it are not counted as retained: they were damaged.
   */
  begin(attempt: number, tasks: readonly CheckpointTask[], restored: { readonly checkpointId: number } | null): void {
    assert(this.#attempt === null && tasks.length > 0, "an attempt begins after the end of the one before, with tasks");
    this.#attempt = { number: attempt, tasks };
    this.#restoredId = restored?.checkpointId ?? null;
    this.#isOver = false;
    this.#failures = 0;
    this.#schedule.begin(this.#config.world.clock.nowUs());
    if (this.#scan === "done") this.#goOnAfterRestored();
    else this.#scanFolder();
    this.#proceed();
  }

  /**
   * The attempt is over: what is in progress is aborted, nothing more is triggered. `settled` is called, at once or later, when what is
   * still being written has been written and taken away again: from then on the store shows what the next attempt can start from.
   */
  end(settled: () => void = () => {}): void {
    this.#attempt = null;
    this.#finalWanted = false;
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#run.abort("the attempt has ended");
    this.#savepoints.refuseAll("the job's attempt has ended");
    this.#run.whenQuiet(settled);
  }

  /** A task's part is in the store. Whatever does not belong to the checkpoint in progress is ignored. */
  onStored(checkpointId: number, handle: SnapshotHandle, cost: SnapshotCost): void {
    this.#run.onStored(checkpointId, handle, cost);
  }

  onFailed(checkpointId: number, task: CheckpointTask, failure: Failure): void {
    this.#run.onFailed(checkpointId, task, failure);
  }

  /**
   * A checkpoint in a folder of its own that is never removed: at once, or right after the one in progress. `last`: the job ends with it.
   * `done` is called once, with a failure, the report, or both.
   */
  savepoint(folder: string, last: boolean, done: SavepointDone): void {
    if (this.#attempt === null || this.#isOver) {
      done({ code: "checkpoint-failed", message: "no savepoint: the job does not run" }, null);
    } else {
      this.#savepoints.request({ folder, last, done });
    }
  }

  /** All tasks have ended: one more checkpoint, the last; tried again when it fails. */
  final(): void {
    if (this.#attempt === null) return;
    this.#finalWanted = true;
    this.#proceed();
  }

  /** The job ends with this checkpoint. */
  isLast(checkpointId: number): boolean {
    return checkpointId === this.#lastId;
  }

  /** The job has ended and its checkpoints are not to be kept; savepoints stay. After `end` has settled. */
  discard(): void {
    assert(this.#attempt === null, "the job still runs");
    this.#retained.remove(jobFolder(this.#config.jobId));
  }

  /** When the next one is due, µs; Infinity: none is wanted. */
  #dueUs(): number {
    if (this.#isOver) return Number.POSITIVE_INFINITY;
    if (this.#savepoints.length > 0) return 0;
    return this.#finalWanted ? this.#schedule.finalUs() : this.#schedule.periodicUs();
  }

  /** Triggers what is due, or sets the alarm for it. */
  #proceed(): void {
    this.#alarm?.cancel();
    this.#alarm = null;
    if (this.#attempt === null || this.#run.current !== null) return;
    const { clock, timers } = this.#config.world;
    const waitUs = this.#dueUs() - clock.nowUs();
    if (waitUs === Number.POSITIVE_INFINITY) return;
    if (waitUs > 0) {
      this.#alarm = timers.after(waitUs, () => this.#proceed());
    } else if (this.#scan === "done") {
      const savepoint = this.#savepoints.take() ?? null;
      this.#trigger(savepoint !== null ? "savepoint" : this.#finalWanted ? "final" : "periodic", savepoint);
    } else {
      this.#scanFolder();
    }
  }

  /** Ids go on after what is in the job's folder: nothing is triggered before that is known. */
  #scanFolder(): void {
    if (this.#scan !== "none") return;
    this.#scan = "running";
    this.#retained.scan((error) => {
      this.#scan = error === null ? "done" : "none";
      if (error === null) {
        this.#nextId = Math.max(this.#nextId, this.#retained.largestId + 1);
        this.#goOnAfterRestored();
      } else {
        const why = `the job's checkpoints cannot be listed: ${error.message}`;
        const { jobId, world } = this.#config;
        world.journal.write("checkpointsUnreadable", { jobId, message: error.message });
        this.#savepoints.refuseAll(why);
        this.#countFailure(why);
      }
      this.#proceed();
    });
  }

  #goOnAfterRestored(): void {
    if (this.#restoredId === null) return;
    this.#retained.distrustAfter(this.#restoredId);
    this.#nextId = Math.max(this.#nextId, this.#restoredId + 1);
  }

  #trigger(kind: CheckpointKind, savepoint: SavepointRequest | null): void {
    const { number: attempt, tasks } = present(this.#attempt, "the attempt");
    const { jobId, effects, world } = this.#config;
    const checkpointId = this.#nextId++;
    const folder = savepoint?.folder ?? checkpointFolder(jobId, checkpointId);
    const last = savepoint?.last ?? kind === "final";
    const triggeredUs = world.clock.nowUs();
    this.#firstId = Math.min(this.#firstId, checkpointId);
    this.#savepoint = savepoint;
    if (last) this.#lastId = checkpointId;
    this.#schedule.onTriggered(triggeredUs);
    this.#run.begin({ checkpointId, attempt, kind, folder, last, triggeredUs }, tasks);
    effects.trigger({ checkpointId, folder, atUs: triggeredUs, last });
    effects.phase(checkpointId, "triggered");
  }

  #onEnded(facts: CheckpointFacts, aborted: Aborted | null, report: CheckpointReport): void {
    const reason = aborted?.reason ?? null;
    const { checkpointId, kind, last, folder } = facts;
    const { effects, world } = this.#config;
    const savepoint = this.#savepoint;
    this.#savepoint = null;
    if (aborted === null) {
      this.#failures = 0;
      this.#isOver = last;
      this.#completeId = checkpointId;
      if (last && kind === "savepoint") this.#endedWith = folder;
      this.#schedule.onEnded(world.clock.nowUs());
      this.#retained.add(checkpointId, kind === "savepoint");
      effects.complete(checkpointId);
    } else {
      world.journal.write("checkpointAborted", { checkpointId, reason });
      effects.abort(checkpointId, aborted.fate);
    }
    effects.phase(checkpointId, reason === null ? "completed" : "aborted");
    effects.report(report);
    savepoint?.done(reason === null ? null : { code: "checkpoint-failed", message: `no savepoint: ${reason}` }, report);
    if (reason !== null) this.#countFailure(reason, kind !== "savepoint");
    else if (last) this.#savepoints.refuseAll("the job has ended");
    this.#proceed();
  }

  /** Of an attempt that runs: makes it wait a little, and fails it when these are too many. */
  #countFailure(reason: string, counts = true): void {
    if (this.#attempt === null) return;
    const { settings, effects, world } = this.#config;
    this.#schedule.onFailed(world.clock.nowUs());
    if (!counts || ++this.#failures !== settings.toleratedFailures + 1) return;
    const message = `${this.#failures} checkpoints have failed one after the other, the last because ${reason}`;
    effects.fail({ code: "checkpoint-failed", message });
  }
}
