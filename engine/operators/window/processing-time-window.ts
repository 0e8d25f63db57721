import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { BatchView } from "../../rows/batch-view.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { ProcessingAlarm } from "../processing-alarm.ts";
import type { WindowAggregateOperator } from "./window-aggregate.ts";
import { firstOpenWindowStart, type WindowGeometry } from "./window-spec.ts";

/**
 * Windows over processing time: rows are in the windows of the moment at which their batch arrives, and windows fire when the clock has
 * reached their end, or at the end of input. The clock takes the place of event time and watermark of a window operator. Event times of
 * the rows and watermarks play no part. Its node must declare `processingTime`.
 */
export class ProcessingTimeWindowOperator implements Operator {
  readonly #windows: WindowAggregateOperator;
  readonly #geometry: WindowGeometry;
  readonly #view = new BatchView();
  #times: Float64Array = new Float64Array(0);
  #alarm: ProcessingAlarm | null = null;
  #nowMs = Number.NEGATIVE_INFINITY;

  /** `windows` aggregates with the same geometry. */
  constructor(windows: WindowAggregateOperator, geometry: WindowGeometry) {
    this.#windows = windows;
    this.#geometry = geometry;
  }

  open(context: OperatorContext, output: Output): void {
    this.#windows.open(context, output);
    this.#alarm = new ProcessingAlarm(context, (nowMs) => this.#advance(nowMs));
  }

  process(_input: number, batch: ColumnBatch): void {
    this.#advance(present(this.#alarm, "alarm").nowMs);
    const rows = batch.eventTimes.length;
    if (this.#times.length < rows) this.#times = new Float64Array(rows);
    this.#times.fill(this.#nowMs, 0, rows);
    const view = this.#view;
    view.borrow(batch);
    view.eventTimes = this.#times;
    this.#windows.process(0, view);
    this.#wakeAtNextEnd();
  }

  advanceWatermark(timeMs: number): void {
    if (timeMs !== Number.POSITIVE_INFINITY) return;
    present(this.#alarm, "alarm").cancel();
    this.#windows.advanceWatermark(timeMs);
  }

  snapshot(writer: SnapshotWriter): void {
    this.#windows.snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    this.#windows.restore(snapshots);
    this.#wakeAtNextEnd();
  }

  /** The clock of another machine may be behind: time stands still until it has caught up. */
  #advance(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs, this.#windows.watermarkMs + 1);
    this.#windows.advanceWatermark(this.#nowMs - 1);
    this.#wakeAtNextEnd();
  }

  #wakeAtNextEnd(): void {
    if (!this.#windows.hasOpenWindows) return;
    const nextStart = firstOpenWindowStart(this.#geometry, this.#windows.watermarkMs);
    present(this.#alarm, "alarm").wakeAt(nextStart + this.#geometry.sizeMs);
  }
}
