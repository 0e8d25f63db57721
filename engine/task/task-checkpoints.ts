import { unreachable } from "../../base/assert.ts";
import type { PendingSnapshot } from "../checkpoint/pending-snapshot.ts";
import type { BarrierMode } from "../cluster/job-spec.ts";
import type { Clock } from "../ports.ts";
import type { TaskCore } from "./task-core.ts";
import type { CheckpointEvent, CheckpointOrder, TaskParts, TaskSnapshot } from "./task-parts.ts";

interface TaskCheckpointsSettings {
  readonly mode: BarrierMode;
  readonly clock: Clock;
  readonly core: TaskCore;
  readonly parts: Pick<TaskParts, "source" | "gate" | "sink" | "heartbeats">;
  readonly onSnapshot: (snapshot: TaskSnapshot) => void;
}

/**
 * A task's part in the checkpoints of its job. Sources send the barrier on the coordinator's order, other tasks when the merge says that
 * it is due, and tasks whose input has ended on the order as well, because no barrier will come to them any more. A task has finished only
 * when the last checkpoint of the job is complete: before that a failure elsewhere would need it again.
 */
export class TaskCheckpoints {
  readonly #settings: TaskCheckpointsSettings;
  #order: CheckpointOrder | null = null;
  /** The latest checkpoint whose barrier has passed. */
  #taken = 0;
  /** First barrier of the latest checkpoint: which and when. */
  #shown = { checkpointId: 0, atUs: 0 };
  /** The job's last checkpoint, once this task has taken part in it: nothing follows. */
  #last: number | null = null;
  #final = false;
  /** The checkpoint whose end the source waits for (stop-the-world). */
  #heldFor: number | null = null;
  /** What timers and answers that were under way have brought since the last checkpoint's barrier. */
  readonly #putOff: (() => void)[] = [];

  constructor(settings: TaskCheckpointsSettings) {
    this.#settings = settings;
  }

  /** The source may read nothing now. */
  get holdsInput(): boolean {
    return this.#heldFor !== null || (this.#last !== null && this.#settings.parts.source !== null);
  }

  /** The task has taken part in the last checkpoint: what its operators put off does not happen any more. */
  get over(): boolean {
    return this.#last !== null;
  }

  /** To be done when the last checkpoint is given up; when it is complete, never. */
  putOff(work: () => void): void {
    this.#putOff.push(work);
  }

  /** What was put off and is to be done now. */
  takePutOff(): readonly (() => void)[] {
    return this.over ? [] : this.#putOff.splice(0);
  }

  /** The last checkpoint is complete. */
  get final(): boolean {
    return this.#final;
  }

  on(event: CheckpointEvent): void {
    switch (event.kind) {
      case "begins":
        this.#onOrder(event.order);
        return;
      case "complete":
        this.#onComplete(event.checkpointId);
        return;
      case "aborted":
        this.#onAborted(event.checkpointId);
        this.#settings.parts.sink?.abandon(event.checkpointId, event.fate);
        return;
      default:
        unreachable(event, "checkpoint event");
    }
  }

  #onOrder(order: CheckpointOrder): void {
    this.#order = order;
    const { checkpointId, last } = order;
    if (last && this.#taken === checkpointId) this.#last = checkpointId;
    const { core, parts } = this.#settings;
    // On heartbeats the flag comes to sources too, by the tick.
    const comes = parts.heartbeats === null ? parts.source === null && !core.inputEnded : !core.outputEnded;
    if (!comes) this.onBarrier(checkpointId);
  }

  /** Replicated jobs: a heartbeat that carries the checkpoint goes on. */
  onFlagged(heartbeat: number, checkpointId: number): void {
    this.#take(checkpointId, () => this.#settings.core.heartbeat(heartbeat, checkpointId));
  }

  /** A channel has shown the barrier. */
  onShown(checkpointId: number): void {
    if (checkpointId <= this.#shown.checkpointId) return;
    this.#shown = { checkpointId, atUs: this.#settings.clock.nowUs() };
  }

  /** The barrier is due. */
  onBarrier(checkpointId: number): void {
    this.#take(checkpointId, () => this.#settings.core.barrier(checkpointId));
  }

  /** Checkpoints that were ordered and whose barrier will not come any more are due now. */
  onInputEnded(): void {
    if (this.#order !== null) this.onBarrier(this.#order.checkpointId);
  }

  #onComplete(checkpointId: number): void {
    this.#settings.parts.sink?.commit(checkpointId);
    this.#release(checkpointId);
    if (this.#last === checkpointId) this.#final = true;
  }

  #onAborted(checkpointId: number): void {
    this.#release(checkpointId);
    // Another one will be the last.
    if (this.#last === checkpointId) this.#last = null;
  }

  #release(checkpointId: number): void {
    if (this.#heldFor !== null && this.#heldFor <= checkpointId) this.#heldFor = null;
  }

  /** `passOn` sends the barrier on. */
  #take(checkpointId: number, passOn: () => void): void {
    if (checkpointId <= this.#taken) return;
    const { clock, core, parts, mode } = this.#settings;
    this.#taken = checkpointId;
    const order = this.#order?.checkpointId === checkpointId ? this.#order : null;
    if (order?.last === true) this.#last = checkpointId;
    if (mode === "stop-the-world" && parts.source !== null) this.#heldFor = checkpointId;
    const atUs = clock.nowUs();
    const firstUs = this.#shown.checkpointId === checkpointId ? this.#shown.atUs : atUs;
    let syncUs = 0;
    passOn();
    core.takeSnapshot(checkpointId, (state: PendingSnapshot, sink: Uint8Array | null) => {
      const cost = {
        startDelayUs: order === null ? null : Math.max(0, firstUs - order.atUs),
        alignmentUs: atUs - firstUs,
        alignmentBytes: parts.gate?.alignmentBytes ?? 0,
        syncUs: syncUs || clock.nowUs() - atUs,
      };
      this.#settings.onSnapshot({ checkpointId, state, sink, cost });
    });
    syncUs = clock.nowUs() - atUs;
  }
}
