import { assert } from "../../base/assert.ts";
import { isTerminal } from "../cluster/job-effects.ts";
import type { Failure, TaskCounters, TaskState } from "../cluster/messages.ts";
import type { RestoringAttempt } from "../merge/merge.ts";
import { FRAME_CREDIT, type Frame } from "./frame.ts";
import type { FrameLink } from "./link.ts";
import { TaskCheckpoints } from "./task-checkpoints.ts";
import { TaskCore } from "./task-core.ts";
import { allReplicasLost, taskFailure } from "./task-failure.ts";
import { taskHooks } from "./task-hooks.ts";
import { TaskInput } from "./task-input.ts";
import { TaskMeter } from "./task-meter.ts";
import type { CheckpointEvent, TaskHooks, TaskParts, TaskSettings, TaskSnapshot } from "./task-parts.ts";

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
  #resolves = false;
  readonly #core: TaskCore;
  /** null: the job takes no part in checkpoints by barriers. */
  readonly #checkpoints: TaskCheckpoints | null;
  readonly #input: TaskInput | null;
  readonly #meter: TaskMeter;

  constructor(settings: TaskSettings, build: (hooks: TaskHooks) => TaskParts) {
    this.vertex = settings.vertex;
    this.subtask = settings.subtask;
    this.#settings = settings;
    this.#meter = new TaskMeter(settings.clock);
    this.#parts = build(
      taskHooks({
        parts: () => this.#parts,
        core: () => this.#core,
        step: (work) => this.#step(work),
        isOver: () => this.#checkpoints?.over === true,
        putOff: (work) => this.#checkpoints?.putOff(work),
        wake: () => this.#afterStep(),
        schedule: () => this.#schedule(),
        fail: (error) => this.fail(error),
        notice: (notice) => settings.host.onNotice(this, notice),
        heartbeat: (heartbeat, checkpointId) => this.#onHeartbeat(heartbeat, checkpointId),
        endOfInput: () => this.#endOfInput(),
      }),
    );
    this.#core = new TaskCore(this.#parts);
    const { gate, source } = this.#parts;
    assert((source === null) !== (gate === null), "a task has a source or a gate");
    const [core, parts] = [this.#core, this.#parts];
    const onSnapshot = (snapshot: TaskSnapshot) => settings.host.onSnapshot?.(this, snapshot);
    const { barriers: mode, clock } = settings;
    this.#checkpoints = mode === null ? null : new TaskCheckpoints({ mode, clock, core, parts, onSnapshot });
    const inputHost = {
      checkpoints: this.#checkpoints,
      soon: (work: () => void) => settings.timers.soon(() => this.#step(work)),
      onHeartbeat: (heartbeat: number, checkpointId: number | null) => this.#onHeartbeat(heartbeat, checkpointId),
      onEnded: () => this.#endOfInput(),
    };
    this.#input = gate === null ? null : new TaskInput(gate, parts, core, inputHost);
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
      this.#parts.heartbeats?.alarm?.start();
      this.#core.start();
      if (!this.#core.inputEnded) this.#parts.source?.start();
      this.#parts.output.pump();
      this.#schedule();
    });
  }

  /** Instead of `restore` and `start`: its sink, of this state, deals with the transactions of earlier attempts; then the task is finished. */
  resolve(sink: Uint8Array | null = null): void {
    if (this.#state !== "created") return;
    this.#resolves = true;
    this.#enter("running", null);
    this.#step(() => this.#core.startSink(sink));
  }

  /** A frame for this task, forward or credit; false when it has no such channel. Processes nothing before the next step. */
  onFrame(frame: Frame, link: FrameLink): boolean {
    if (this.#ended) return this.#onLateFrame(frame, link);
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

  /** A receiving replica is gone, or the way to it: fails when it was the last one of its instance. */
  dropReceiver(edge: number, subtask: number): void {
    if (this.#ended) return;
    const someLeft = this.#parts.output.dropReceiver(edge, subtask);
    if (!someLeft) this.fail(allReplicasLost(`task ${subtask} at the end of edge ${edge}`));
    this.#afterStep();
  }

  /** A sending replica is gone, or the way from it: fails when nobody else can send what is missing. */
  closeSender(edge: number, subtask: number): void {
    if (this.#ended || this.#parts.gate?.closeSender(edge, subtask) !== false) return;
    this.fail(allReplicasLost(`task ${subtask} at the beginning of edge ${edge}`));
  }

  /** A link can take frames again. */
  onWritable(): void {
    if (!this.#works) return;
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

  /** A checkpoint begins, is complete or is given up. */
  onCheckpoint(event: CheckpointEvent): void {
    this.#step(() => this.#checkpoints?.on(event));
    for (const work of this.#checkpoints?.takePutOff() ?? []) this.#step(work);
  }

  /** Everything that a task continuing from here needs; with `unacknowledged` also the output that receivers may lack. */
  snapshot(unacknowledged = false): Uint8Array {
    return this.#core.snapshot(unacknowledged);
  }

  /** Before `start` and before the first frame. */
  restore(snapshot: Uint8Array, attempt: RestoringAttempt = "next"): void {
    assert(this.#state === "created", "restore before start");
    this.#core.restore(snapshot, attempt);
  }

  counters(): TaskCounters {
    const { custom, ...counters } = this.#core.counters();
    return {
      vertex: this.vertex,
      subtask: this.subtask,
      recordsIn: this.#input?.recordsIn ?? this.#parts.source?.recordsIn ?? 0,
      ...this.#meter.times,
      ...counters,
      custom: { ...custom, longestStepUs: this.#meter.longestStepUs },
    };
  }

  get #works(): boolean {
    return this.#state === "running" || this.#state === "ended";
  }

  get #ended(): boolean {
    return isTerminal(this.#state);
  }

  /** A finished task answers replicas of its senders that are slower than those it has heard, so that they can finish too. */
  #onLateFrame(frame: Frame, link: FrameLink): boolean {
    const { gate } = this.#parts;
    if (this.#state === "finished" && frame.kind !== FRAME_CREDIT) this.#caught(() => gate?.onFrame(frame, link));
    return true;
  }

  #onHeartbeat(heartbeat: number, checkpointId: number | null): void {
    if (checkpointId !== null && this.#checkpoints !== null) this.#checkpoints.onFlagged(heartbeat, checkpointId);
    else this.#core.heartbeat(heartbeat, checkpointId);
  }

  #endOfInput(): void {
    this.#core.endOfInput();
    this.#checkpoints?.onInputEnded();
  }

  #schedule(): void {
    if (this.#works) this.#input?.schedule();
  }

  #step(work: () => void): void {
    if (!this.#works) return;
    this.#meter.beginStep();
    this.#caught(() => {
      work();
      this.#core.endStep();
    });
    this.#meter.endStep();
    this.#afterStep();
  }

  #afterStep(): void {
    if (!this.#works) return;
    if (this.#resolves) {
      if (this.#core.committed) this.#enter("finished", null);
      return;
    }
    const blocked = this.#core.blocked || this.#checkpoints?.holdsInput === true;
    if (this.#meter.setBlocked(blocked)) {
      this.#core.holdSource(blocked);
      if (!blocked) this.#schedule();
    }
    const isOver = this.#checkpoints === null ? this.#core.done : this.#checkpoints.final && this.#core.committed;
    if (isOver) this.#enter("finished", null);
    else if (this.#core.done && this.#state === "running") this.#enter("ended", null);
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
