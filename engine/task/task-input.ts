import { unreachable } from "../../base/assert.ts";
import type { MergeEvent } from "../merge/merge.ts";
import type { Element, RecordsElement } from "./element.ts";
import type { InputGate } from "./input-gate.ts";
import type { TaskCheckpoints } from "./task-checkpoints.ts";
import type { TaskCore } from "./task-core.ts";
import type { TaskParts } from "./task-parts.ts";

/** Most elements taken in one step, so that no task starves the others of its worker. */
const MAX_ELEMENTS_PER_STEP = 16;

interface TaskInputHost {
  /** null: barriers mean nothing. */
  readonly checkpoints: TaskCheckpoints | null;
  /** Does some work in a step of its own, as soon as what is already waiting has been done; nothing when the task has ended by then. */
  soon(work: () => void): void;
  /** The heartbeat is to go on. */
  onHeartbeat(heartbeat: number, checkpointId: number | null): void;
  /** All channels have ended. */
  onEnded(): void;
}

/** Takes what the gate gives: rows into the chain, watermarks, barriers, heartbeats and the end into the core. */
export class TaskInput {
  readonly #gate: InputGate;
  readonly #parts: TaskParts;
  readonly #core: TaskCore;
  readonly #host: TaskInputHost;
  #recordsIn = 0;
  #scheduled = false;

  constructor(gate: InputGate, parts: TaskParts, core: TaskCore, host: TaskInputHost) {
    this.#gate = gate;
    this.#parts = parts;
    this.#core = core;
    this.#host = host;
  }

  get recordsIn(): number {
    return this.#recordsIn;
  }

  /** Takes what the gate gives, in steps to come. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#host.soon(() => {
      this.#scheduled = false;
      if (this.#take()) this.schedule();
    });
  }

  /** Takes some elements, none while the output is blocked. true: there may be more. */
  #take(): boolean {
    const more = this.#takeFeedback();
    for (let taken = 0; taken < MAX_ELEMENTS_PER_STEP; taken++) {
      if (this.#core.blocked) return more;
      const event = this.#gate.next();
      if (event === null) return more;
      this.#onEvent(event);
    }
    return true;
  }

  /** Also while the output is blocked: a loop whose head waits for its own rows would stand still. true: there may be more. */
  #takeFeedback(): boolean {
    const gate = this.#gate;
    for (let taken = 0; taken < MAX_ELEMENTS_PER_STEP; taken++) {
      const next = gate.feedback?.next() ?? null;
      if (next === null) return false;
      if (next.element.kind === "records") this.#onRecords(next.channel, next.element);
      gate.processed(next.channel, next.element);
      this.#parts.chain.advanceFeedback(gate.feedback!.watermarkMs);
      this.#core.checkLoop();
    }
    return true;
  }

  #onEvent(event: MergeEvent): void {
    switch (event.kind) {
      case "element":
        this.#onElement(event.channel, event.element);
        return;
      case "barrier":
        // In replicated jobs the flagged heartbeat that follows takes the snapshot.
        if (this.#parts.heartbeats === null) this.#host.checkpoints?.onBarrier(event.checkpointId);
        return;
      case "forward":
        this.#parts.heartbeats?.alarm?.onHeartbeat();
        this.#host.onHeartbeat(event.heartbeat, event.checkpointId);
        return;
      default:
        unreachable(event, "merge event");
    }
  }

  #onElement(channel: number, element: Element): void {
    const gate = this.#gate;
    if (element.kind === "records") this.#onRecords(channel, element);
    const advanced = gate.processed(channel, element);
    if (!gate.idle) this.#core.setIdle(false);
    if (advanced) this.#core.advanceWatermark(gate.watermarkMs);
    if (gate.idle) this.#core.setIdle(true);
    if (element.kind === "barrier") this.#host.checkpoints?.onShown(element.checkpointId);
    if (element.kind === "end" && gate.ended) this.#host.onEnded();
  }

  #onRecords(channel: number, { count, payload, skip }: RecordsElement): void {
    const input = this.#gate.inputOf(channel);
    this.#recordsIn += count;
    this.#parts.readers[channel]!.decode(payload, skip, count, (batch) => this.#parts.chain.process(input, batch));
  }
}
