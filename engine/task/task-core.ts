import { assert } from "../../base/assert.ts";
import type { TaskCounters } from "../cluster/messages.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { restoreParts, snapshotParts, type TaskParts } from "./task-parts.ts";
import { IDLE_WATERMARK } from "./watermark-tracker.ts";

/** What a task does with rows, watermarks, barriers and the end, wherever they come from: chain, output gate and sink together. */
export class TaskCore {
  readonly #parts: TaskParts;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #recordsOut = 0;
  #inputEnded = false;
  /** What receivers were told last. */
  #idle = false;

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  /** Output or sink cannot take more. */
  get blocked(): boolean {
    return this.#parts.output.blocked || this.#parts.sink?.blocked === true;
  }

  /** The input has ended and all output is acknowledged. */
  get done(): boolean {
    const { output, sink } = this.#parts;
    return this.#inputEnded && output.settled && (sink === null || sink.settled);
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
    // The end says as much to whoever receives it.
    if (timeMs !== Number.POSITIVE_INFINITY) this.#parts.output.emitWatermark(timeMs);
  }

  /** Nobody must wait for this task's watermark, or again somebody must: passed on when it changes. */
  setIdle(idle: boolean): void {
    if (idle === this.#idle || this.#inputEnded) return;
    this.#idle = idle;
    this.#parts.output.emitWatermark(idle ? IDLE_WATERMARK : this.#watermarkMs);
  }

  endOfInput(): void {
    assert(!this.#inputEnded, "input ends twice");
    if (this.#watermarkMs !== Number.POSITIVE_INFINITY) this.advanceWatermark(Number.POSITIVE_INFINITY);
    this.#parts.output.emitEnd();
    // Not before: a receiver of this worker acknowledges its end at once, while that of the next channel is not even sealed.
    this.#inputEnded = true;
  }

  /**
   * Sends the barrier on and calls `done` with the snapshot, taken behind the barrier, because receivers count it too. A sink's only
   * when what it has written is durable: a checkpoint that completed earlier would forget rows that were never written.
   */
  barrier(checkpointId: number, done: (snapshot: Uint8Array) => void): void {
    const { output, sink } = this.#parts;
    // Nothing may follow the end; receivers take an ended channel for one that has shown the barrier.
    if (!this.#inputEnded) output.emitBarrier(checkpointId);
    const snapshot = this.snapshot(false);
    if (sink === null) done(snapshot);
    else sink.prepare(checkpointId, () => done(snapshot));
  }

  endStep(): void {
    this.#parts.sink?.endStep();
    this.#parts.output.endStep();
  }

  snapshot(unacknowledged: boolean): Uint8Array {
    return snapshotParts(this.#parts, this.#watermarkMs, unacknowledged);
  }

  restore(snapshot: Uint8Array): void {
    this.#watermarkMs = restoreParts(this.#parts, snapshot);
    this.#idle = this.#parts.gate?.idle ?? this.#parts.source?.idle ?? false;
  }

  counters(): Pick<TaskCounters, "recordsOut" | "bytesOut" | "watermarkMs" | "custom"> {
    const { chain, gate, source, output, sink } = this.#parts;
    return {
      recordsOut: this.#recordsOut,
      bytesOut: output.bytesOut + (sink?.bytes ?? 0),
      watermarkMs: Number.isFinite(this.#watermarkMs) ? this.#watermarkMs : null,
      custom: { ...chain.counters(), ...source?.counters(), ...sink?.counters(), ...gate?.counters() },
    };
  }

  close(): void {
    this.#parts.source?.close();
    this.#parts.sink?.close();
    this.#parts.output.close();
  }
}
