import { assert } from "../../base/assert.ts";
import type { AbortFate, CheckpointReport, SnapshotCost, SnapshotHandle } from "../cluster/checkpoint-facts.ts";
import type { Failure } from "../cluster/messages.ts";
import type { Timer, World } from "../ports.ts";
import type { CheckpointFiles } from "./checkpoint-files.ts";
import { type CheckpointFacts, type CheckpointTask, PendingCheckpoint } from "./pending-checkpoint.ts";

export interface Aborted {
  readonly reason: string;
  readonly fate: AbortFate;
}

export interface CheckpointRunEvents {
  onAcknowledged(checkpointId: number): void;
  /** Complete and durable, or given up; none is in progress any more. */
  onEnded(facts: CheckpointFacts, aborted: Aborted | null, report: CheckpointReport): void;
  /** It is known whether one that was given up while its metadata were on their way could be removed. */
  onFate(checkpointId: number, fate: AbortFate): void;
}

/** Tasks that are named where a checkpoint has waited for them in vain. */
const NAMED_TASKS = 5;

/** Takes one checkpoint after the other from the trigger to the end: acknowledgements, time limit, metadata, removal of what failed. */
export class CheckpointRun {
  readonly #world: Pick<World, "clock" | "timers" | "journal">;
  readonly #files: CheckpointFiles;
  readonly #timeoutUs: number;
  readonly #events: CheckpointRunEvents;
  #pending: PendingCheckpoint | null = null;
  #timeout: Timer | null = null;
  /** The metadata of one are being written: of the pending one, or of one that was given up meanwhile. */
  #writing = 0;
  #onQuiet: (() => void)[] = [];

  constructor(
    world: Pick<World, "clock" | "timers" | "journal">,
    files: CheckpointFiles,
    timeoutUs: number,
    events: CheckpointRunEvents,
  ) {
    this.#world = world;
    this.#files = files;
    this.#timeoutUs = timeoutUs;
    this.#events = events;
  }

  get current(): CheckpointFacts | null {
    return this.#pending?.facts ?? null;
  }

  begin(facts: CheckpointFacts, tasks: readonly CheckpointTask[]): void {
    assert(this.#pending === null, "one checkpoint at a time");
    const pending = new PendingCheckpoint(facts, tasks);
    this.#pending = pending;
    this.#timeout = this.#world.timers.after(this.#timeoutUs, () => {
      const missing = pending.isAcknowledged ? "its metadata" : pending.missing.slice(0, NAMED_TASKS).join(", ");
      this.#giveUp(pending, `not complete after ${this.#timeoutUs / 1e6} s: ${missing} not stored`);
    });
  }

  /** Whatever does not belong to the checkpoint in progress is ignored. */
  onStored(checkpointId: number, handle: SnapshotHandle, cost: SnapshotCost): void {
    const pending = this.#pendingOf(checkpointId);
    if (!pending?.acknowledge(handle, cost, this.#world.clock.nowUs())) {
      this.#ignore(checkpointId, handle);
    } else if (pending.isAcknowledged) {
      this.#events.onAcknowledged(checkpointId);
      if (this.#pending === pending) this.#storeMetadata(pending);
    }
  }

  onFailed(checkpointId: number, task: CheckpointTask, failure: Failure): void {
    const pending = this.#pendingOf(checkpointId);
    if (pending === null || !pending.isOf(task) || pending.isAcknowledged) this.#ignore(checkpointId, task);
    else this.#giveUp(pending, `${task.vertex}/${task.subtask}: ${failure.message}`);
  }

  abort(reason: string): void {
    if (this.#pending !== null) this.#giveUp(this.#pending, reason);
  }

  /** Calls back when no metadata are on their way to the store: what is complete then stays so, and nothing else becomes it. */
  whenQuiet(callback: () => void): void {
    if (this.#writing === 0) callback();
    else this.#onQuiet.push(callback);
  }

  #pendingOf(checkpointId: number): PendingCheckpoint | null {
    return this.#pending?.facts.checkpointId === checkpointId ? this.#pending : null;
  }

  #storeMetadata(pending: PendingCheckpoint): void {
    this.#writing++;
    this.#files.storeMetadata(pending, (error) => {
      if (this.#pending === pending && error === null) {
        this.#written();
        this.#end(pending, null);
      } else {
        this.#files.removeAborted(pending.facts, (isRemoved) => {
          this.#events.onFate(pending.facts.checkpointId, isRemoved ? "gone" : "unremoved");
          this.#written();
        });
        const reason = `its metadata were not stored: ${error?.message}`;
        if (this.#pending === pending) this.#end(pending, { reason, fate: "uncertain" });
      }
    });
  }

  #written(): void {
    this.#writing--;
    if (this.#writing > 0) return;
    const waiting = this.#onQuiet;
    this.#onQuiet = [];
    for (const callback of waiting) callback();
  }

  #giveUp(pending: PendingCheckpoint, reason: string): void {
    // While its metadata are being written removal would come too early; it follows the write.
    if (!pending.isAcknowledged) this.#files.removeAborted(pending.facts, () => {});
    this.#end(pending, { reason, fate: pending.isAcknowledged ? "uncertain" : "gone" });
  }

  #end(pending: PendingCheckpoint, aborted: Aborted | null): void {
    this.#timeout?.cancel();
    this.#timeout = null;
    this.#pending = null;
    const report = pending.report(aborted?.reason ?? null, this.#world.clock.nowUs());
    this.#events.onEnded(pending.facts, aborted, report);
  }

  #ignore(checkpointId: number, { vertex, subtask }: CheckpointTask): void {
    this.#world.journal.write("checkpointAnswerIgnored", { checkpointId, vertex, subtask });
    this.#files.removeLate(checkpointId);
  }
}
