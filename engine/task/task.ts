import { assert, unreachable } from "../../base/assert.ts";
import type { Failure, TaskCounters, TaskState } from "../cluster/messages.ts";
import type { MergeEvent } from "../merge/merge.ts";
import type { Element } from "./element.ts";
import { FRAME_CREDIT, type Frame } from "./frame.ts";
import type { InputGate } from "./input-gate.ts";
import type { FrameLink } from "./link.ts";
import { TaskCore } from "./task-core.ts";
import { taskFailure } from "./task-failure.ts";
import { TaskMeter } from "./task-meter.ts";
import type { TaskHooks, TaskParts, TaskSettings } from "./task-parts.ts";

/** Most elements taken in one step, so that no task starves the others of its worker. */
const MAX_ELEMENTS_PER_STEP = 16;

/**
 * One subtask of a vertex: input (gate or source) → operator chain → output gate and, at the end of a job, a sink. Works in bounded
 * steps; takes no input while its output is blocked; is finished when its input has ended and all its output is acknowledged.
 */
export class Task {
  readonly vertex: string;
  readonly subtask: number;
  readonly #settings: TaskSettings;
  readonly #parts: TaskParts;
  #state: TaskState = "created";
  #scheduled = false;
  #recordsIn = 0;
  readonly #core: TaskCore;
  readonly #meter: TaskMeter;

  constructor(settings: TaskSettings, build: (hooks: TaskHooks) => TaskParts) {
    this.vertex = settings.vertex;
    this.subtask = settings.subtask;
    this.#settings = settings;
    this.#meter = new TaskMeter(settings.clock);
    this.#parts = build(this.#hooks());
    this.#core = new TaskCore(this.#parts);
    assert((this.#parts.source === null) !== (this.#parts.gate === null), "a task has a source or a gate");
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Bytes that wait in the input gate. */
  get queuedBytes(): number {
    return this.#parts.gate?.queuedBytes ?? 0;
  }

  /** Begins to work; frames may have arrived before. */
  start(): void {
    if (this.#state !== "created") return;
    this.#enter("running", null);
    this.#step(() => {
      this.#parts.sink?.start();
      this.#parts.source?.start();
      this.#parts.output.pump();
      this.#schedule();
    });
  }

  /** A frame for this task, forward or credit; false when it has no such channel. Processes nothing before the next step. */
  onFrame(frame: Frame, link: FrameLink): boolean {
    if (this.#ended) return true;
    let known = false;
    this.#caught(() => {
      if (frame.kind === FRAME_CREDIT) {
        known = this.#parts.output.onCredit(frame.edge, frame.receiver, frame.acknowledged, frame.grantedBytes);
        if (known) this.#afterStep();
      } else {
        known = this.#parts.gate?.onFrame(frame, link) ?? false;
        if (known) this.#schedule();
      }
    });
    return known || this.#ended;
  }

  /** A link can take frames again. */
  onWritable(): void {
    if (this.#state !== "running") return;
    this.#caught(() => this.#parts.output.pump());
    this.#afterStep();
  }

  /** Sources end at the log's present end; other tasks end when their inputs have. */
  drain(): void {
    this.#parts.source?.drain();
  }

  cancel(): void {
    if (!this.#ended) this.#enter("cancelled", null);
  }

  /** Ends the task as failed, for a cause outside it. */
  fail(error: unknown): void {
    if (this.#ended) return;
    const operator = this.#parts.chain.currentOperator ?? this.#settings.lastOperator;
    this.#enter("failed", taskFailure(error, `operator "${operator}" (task ${this.vertex}/${this.subtask})`));
  }

  /** Sources only: the checkpoint's barrier leaves now. */
  triggerBarrier(checkpointId: number): void {
    this.#step(() => this.#onBarrier(checkpointId));
  }

  /** Second phase of a checkpoint's commit. */
  commit(checkpointId: number): void {
    this.#step(() => this.#parts.sink?.commit(checkpointId));
  }

  /** Everything that a task continuing from here needs; with `unacknowledged` also the output that receivers may lack. */
  snapshot(unacknowledged = false): Uint8Array {
    return this.#core.snapshot(unacknowledged);
  }

  /** Before `start` and before the first frame. */
  restore(snapshot: Uint8Array): void {
    assert(this.#state === "created", "restore before start");
    this.#core.restore(snapshot);
  }

  counters(): TaskCounters {
    const { custom, ...counters } = this.#core.counters();
    return {
      vertex: this.vertex,
      subtask: this.subtask,
      recordsIn: this.#recordsIn + (this.#parts.source?.recordsIn ?? 0),
      busyUs: this.#meter.busyUs,
      blockedUs: this.#meter.blockedUs,
      ...counters,
      custom: { ...custom, longestStepUs: this.#meter.longestStepUs },
    };
  }

  get #ended(): boolean {
    return this.#state === "finished" || this.#state === "failed" || this.#state === "cancelled";
  }

  #hooks(): TaskHooks {
    const step = (work: () => void) => this.#step(work);
    return {
      tail: { emit: (batch) => this.#core.emit(batch) },
      guard: step,
      sink: { wake: () => this.#afterStep(), fail: (error) => this.fail(error) },
      source: {
        emit: (batch) => this.#parts.chain.process(0, batch),
        advanceWatermark: (timeMs) => this.#core.advanceWatermark(timeMs),
        setIdle: (idle) => this.#core.setIdle(idle),
        end: () => this.#core.endOfInput(),
        fail: (error) => this.fail(error),
        step,
      },
    };
  }

  #onBarrier(checkpointId: number): void {
    this.#core.barrier(checkpointId, (snapshot) => this.#settings.host.onSnapshot?.(this, checkpointId, snapshot));
  }

  #schedule(): void {
    if (this.#scheduled || this.#state !== "running" || this.#parts.gate === null) return;
    this.#scheduled = true;
    this.#settings.timers.soon(() => {
      this.#scheduled = false;
      this.#step(() => this.#takeInput(this.#parts.gate!));
    });
  }

  #takeInput(gate: InputGate): void {
    for (let taken = 0; taken < MAX_ELEMENTS_PER_STEP; taken++) {
      if (this.#core.blocked) return;
      const event = gate.next();
      if (event === null) return;
      this.#onEvent(gate, event);
    }
    this.#schedule();
  }

  #onEvent(gate: InputGate, event: MergeEvent): void {
    switch (event.kind) {
      case "element":
        this.#onElement(gate, event.channel, event.element);
        return;
      case "barrier":
        this.#onBarrier(event.checkpointId);
        return;
      case "forward":
        assert(false, "heartbeats belong to replicated jobs");
        return;
      default:
        unreachable(event, "merge event");
    }
  }

  #onElement(gate: InputGate, channel: number, element: Element): void {
    if (element.kind === "records") {
      const input = gate.inputOf(channel);
      this.#recordsIn += element.count;
      this.#parts.readers[channel]!.decode(element.payload, element.skip, element.count, (batch) =>
        this.#parts.chain.process(input, batch),
      );
    }
    const advanced = gate.processed(channel, element);
    if (!gate.idle) this.#core.setIdle(false);
    if (advanced) this.#core.advanceWatermark(gate.watermarkMs);
    if (gate.idle) this.#core.setIdle(true);
    if (element.kind === "end" && gate.ended) this.#core.endOfInput();
  }

  #step(work: () => void): void {
    if (this.#state !== "running") return;
    this.#meter.beginStep();
    this.#caught(() => {
      work();
      this.#core.endStep();
    });
    this.#meter.endStep();
    this.#afterStep();
  }

  #afterStep(): void {
    if (this.#state !== "running") return;
    const blocked = this.#core.blocked;
    if (blocked !== this.#meter.blocked) {
      this.#meter.setBlocked(blocked);
      if (blocked) this.#parts.source?.pause();
      else {
        this.#parts.source?.resume();
        this.#schedule();
      }
    }
    if (this.#core.done) this.#enter("finished", null);
  }

  #caught(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  #enter(state: TaskState, failure: Failure | null): void {
    this.#state = state;
    if (this.#ended) this.#core.close();
    this.#settings.host.onState(this, state, failure);
  }
}
