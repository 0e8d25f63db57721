import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { PendingSnapshot } from "../checkpoint/pending-snapshot.ts";
import type { SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { TaskCounters } from "../cluster/messages.ts";
import type { RestoringAttempt } from "../merge/merge.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { restoreParts, snapshotParts, type TaskParts } from "./task-parts.ts";
import { IDLE_WATERMARK } from "./watermark-tracker.ts";

/** `sink`: its state, which is also in the snapshot; null: there is none. */
type SnapshotTaker = (snapshot: PendingSnapshot, sink: Uint8Array | null) => void;

/** What a task does with rows, watermarks, barriers and the end, wherever they come from: chain, output gate and sink together. */
export class TaskCore {
  readonly #parts: TaskParts;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** What has passed the chain: less than the watermark while an operator holds it. */
  #passedMs = Number.NEGATIVE_INFINITY;
  #recordsOut = 0;
  #inputEnded = false;
  /** The input has ended and the chain has let its last watermark through. */
  #outputEnded = false;
  /** Nobody need wait for the input's watermark. */
  #inputIdle = false;
  /** What receivers were told last. */
  #idle = false;

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  /** Output or sink cannot take more. */
  get blocked(): boolean {
    return this.#parts.output.blocked || this.#parts.sink?.blocked === true || this.#parts.chain.full;
  }

  /** A source reads nothing meanwhile; nobody has to tell a gate. */
  holdSource(held: boolean): void {
    if (held) this.#parts.source?.pause();
    else this.#parts.source?.resume();
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** Receivers have been told that nothing follows. */
  get outputEnded(): boolean {
    return this.#outputEnded;
  }

  /** The input has ended and all output is acknowledged. */
  get done(): boolean {
    const { output, sink, gate } = this.#parts;
    return this.#outputEnded && output.settled && (sink === null || sink.settled) && gate?.feedbackEnded !== false;
  }

  /** The sink has nothing left to commit. */
  get committed(): boolean {
    return this.#parts.sink?.committed ?? true;
  }

  /** Rows of the last operator. */
  emit(batch: ColumnBatch): void {
    this.#recordsOut += batch.selectedCount;
    if (this.#parts.sink !== null) this.#parts.sink.emit(batch);
    else this.#parts.output.emit(batch);
  }

  advanceWatermark(timeMs: number): void {
    assert(timeMs >= this.#watermarkMs, "the watermark moves back", { timeMs, before: this.#watermarkMs });
    this.#watermarkMs = timeMs;
    this.#parts.chain.advanceWatermark(timeMs);
  }

  /** The chain has let a watermark through. */
  passWatermark(timeMs: number): void {
    this.#passedMs = timeMs;
    // The end says as much to whoever receives it; in replicated jobs the next heartbeat does.
    if (timeMs === Number.POSITIVE_INFINITY) {
      if (this.#inputEnded) this.#endOutput();
    } else if (this.#parts.heartbeats === null) this.#parts.output.emitWatermark(timeMs);
    this.#tellIdle();
  }

  /** Nobody must wait for this task's watermark, or again somebody must: passed on when it changes. */
  setIdle(idle: boolean): void {
    this.#inputIdle = idle;
    this.#tellIdle();
  }

  /** Replicated jobs: the heartbeat goes on, with the watermark, and perhaps a checkpoint's flag. */
  heartbeat(heartbeat: number, checkpointId: number | null): void {
    if (this.#inputEnded) return;
    this.#parts.output.emitHeartbeat(heartbeat, this.#idle ? IDLE_WATERMARK : this.#passedMs, checkpointId);
  }

  endOfInput(): void {
    assert(!this.#inputEnded, "input ends twice");
    if (this.#watermarkMs !== Number.POSITIVE_INFINITY) this.advanceWatermark(Number.POSITIVE_INFINITY);
    this.#inputEnded = true;
    if (this.#passedMs === Number.POSITIVE_INFINITY) this.#endOutput();
  }

  /** Nothing but the sink begins. `state`: what it has prepared; null: nothing. */
  startSink(state: Uint8Array | null): void {
    const { sink } = this.#parts;
    if (state !== null) sink?.restore(state);
    sink?.start();
  }

  /** Sends the barrier on. Nothing may follow the end; receivers take an ended channel for one that has shown the barrier. */
  barrier(checkpointId: number): void {
    this.#parts.chain.handOn();
    if (!this.#outputEnded) this.#parts.output.emitBarrier(checkpointId);
  }

  /**
   * To be called behind the barrier, because receivers count it too. A sink's snapshot is given only when what it has written is durable:
   * a checkpoint that completed earlier would forget rows that were never written.
   */
  takeSnapshot(checkpointId: number, done: SnapshotTaker): void {
    const writer = this.#snapshot(checkpointId, false);
    const { sink } = this.#parts;
    if (sink === null) {
      done(writer.pending(), null);
      return;
    }
    sink.prepare(checkpointId, (state) => {
      writer.bytes(state);
      done(writer.pending(), state);
    });
  }

  /** `job-failed` when the loop that begins in this task holds more than it may. */
  checkLoop(): void {
    const { loopBytes, output } = this.#parts;
    if (loopBytes === undefined || output.unsentBytes <= loopBytes) return;
    throw new FaultlineError("job-failed", `more than ${loopBytes} bytes wait in the loop`, {
      hint: "its body makes more rows than it takes out: let rows leave the loop, or raise maxQueuedBytes",
    });
  }

  endStep(): void {
    if (this.#inputIdle !== this.#idle) this.#tellIdle(); // rows that were held may have gone on
    if (this.#idle) this.#parts.chain.handOn(); // receivers do not wait for them
    this.#parts.sink?.endStep();
  }

  /** Of a task without a sink, whose state only a checkpoint has. */
  snapshot(unacknowledged: boolean): Uint8Array {
    assert(this.#parts.sink === null, "a sink's state is known at checkpoints only");
    return this.#snapshot(null, unacknowledged).finish();
  }

  #snapshot(checkpointId: number | null, unacknowledged: boolean): SnapshotWriter {
    const time = {
      watermarkMs: this.#watermarkMs,
      passedMs: this.#passedMs,
      idle: this.#idle,
      inputEnded: this.#inputEnded,
      outputEnded: this.#outputEnded,
    };
    return snapshotParts(this.#parts, time, checkpointId, unacknowledged);
  }

  restore(snapshot: Uint8Array, attempt: RestoringAttempt): void {
    const { watermarkMs, passedMs, idle, inputEnded, outputEnded } = restoreParts(this.#parts, snapshot, attempt);
    this.#watermarkMs = watermarkMs;
    this.#passedMs = passedMs;
    this.#idle = idle;
    this.#inputEnded = inputEnded;
    this.#outputEnded = outputEnded;
    this.#inputIdle = this.#parts.gate?.idle ?? this.#parts.source?.idle ?? false;
  }

  /** The chain begins to work. A watermark that it held when it was saved comes to it again, behind the rows that it has restored. */
  start(): void {
    this.#parts.chain.start();
    if (this.#passedMs < this.#watermarkMs) this.#parts.chain.advanceHeld(this.#watermarkMs);
  }

  counters(): Pick<TaskCounters, "recordsOut" | "bytesOut" | "watermarkMs" | "custom"> {
    const { chain, gate, source, output, sink, heartbeats } = this.#parts;
    return {
      recordsOut: this.#recordsOut,
      bytesOut: output.bytesOut + (sink?.bytes ?? 0),
      watermarkMs: Number.isFinite(this.#watermarkMs) ? this.#watermarkMs : null,
      custom: {
        ...chain.counters(),
        ...source?.counters(),
        ...sink?.counters(),
        ...gate?.counters(),
        ...heartbeats?.alarm?.counters(),
      },
    };
  }

  close(): void {
    this.#parts.source?.close();
    this.#parts.gate?.close();
    for (const one of this.#parts.open) one.cancel();
    this.#parts.sink?.close();
    this.#parts.heartbeats?.alarm?.close();
    this.#parts.output.close();
  }

  #tellIdle(): void {
    // An operator may hold rows or watermarks back.
    const idle = this.#inputIdle && this.#passedMs === this.#watermarkMs && !this.#parts.chain.holdsRows;
    if (idle === this.#idle || this.#inputEnded) return;
    if (idle) this.#parts.chain.handOn();
    this.#idle = idle;
    if (this.#parts.heartbeats === null) this.#parts.output.emitWatermark(idle ? IDLE_WATERMARK : this.#passedMs);
  }

  #endOutput(): void {
    this.#parts.output.emitEnd();
    // Not before: a receiver of this worker acknowledges its end at once, while that of the next channel is not even sealed.
    this.#outputEnded = true;
  }
}
