import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import { Row } from "../../rows/row.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { KeyedContext } from "../keyed-context.ts";
import { LateRows } from "../late-rows.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import type { BoundAggregates } from "./bound-aggregates.ts";
import { TimedRows } from "./timed-rows.ts";

export interface OverSettings {
  readonly input: RowSchema;
  /** The input's fields, then one for each aggregate. */
  readonly output: RowSchema;
  readonly codec: KeyCodec;
  /** Without distinct counts. */
  readonly aggregates: BoundAggregates;
  /** Rows before the current one that count. */
  readonly preceding: number;
  /** Tag of the side output for late rows; null: none. */
  readonly late: string | null;
}

/** Numbers of a key's state before the ring: rows in it, and the place of the next one. */
const HEAD = 2;

/**
 * SQL's OVER (PARTITION BY key ORDER BY event time ROWS BETWEEN n PRECEDING AND CURRENT ROW). Rows wait for the watermark; then each, in
 * the order of event time, among equals of arrival, goes on with the aggregates over itself and the n rows of its key before it. Rows
 * that come after their time are counted (`lateRows`) and go to the side output for late rows, where there is one.
 *
 * A key keeps the accumulators of its last n + 1 rows in a ring and adds up those that count: n additions a row.
 */
export class OverOperator implements Operator {
  readonly #settings: OverSettings;
  readonly #late: LateRows;
  readonly #row = new Row();
  readonly #total: Float64Array;
  #groups = 1;
  #context: KeyedContext | null = null;
  #waiting: TimedRows | null = null;
  #out: OutputBatch | null = null;

  constructor(settings: OverSettings) {
    this.#settings = settings;
    this.#late = new LateRows(settings.late);
    this.#total = new Float64Array(settings.aggregates.width);
  }

  open(context: OperatorContext, output: Output): void {
    const { codec, input, output: schema, aggregates, preceding } = this.#settings;
    this.#groups = context.keyGroups.total;
    this.#context = new KeyedContext(codec, context.keyGroups, { width: HEAD + (preceding + 1) * aggregates.width });
    this.#waiting = new TimedRows(context.keyGroups, input);
    this.#out = new OutputBatch(schema, output);
    this.#late.open(context);
  }

  process(_input: number, batch: ColumnBatch): void {
    const context = present(this.#context, "context");
    const waiting = present(this.#waiting, "waiting rows");
    const { codec } = this.#settings;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      const timeMs = batch.eventTimes[row]!;
      if (timeMs <= context.watermarkMs) {
        this.#late.add(row);
        continue;
      }
      codec.encode(batch, row);
      context.useBytes(codec.bytes, 0, codec.length);
      waiting.append(codec.groupOf(batch, row, this.#groups), codec.bytes, 0, codec.length, batch, row);
      context.setTimer(timeMs);
    }
    this.#late.flush(batch);
  }

  advanceWatermark(timeMs: number): void {
    const context = present(this.#context, "context");
    const waiting = present(this.#waiting, "waiting rows");
    const out = present(this.#out, "output");
    context.watermarkMs = timeMs;
    context.timers.fire(timeMs, (dueMs, group, bytes, start, end) => {
      context.useBytes(bytes, start, end);
      waiting.take(group, bytes, start, end, dueMs, (batch) => this.#emit(context, batch, out));
    });
    out.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    present(this.#context, "context").snapshot(writer);
    present(this.#waiting, "waiting rows").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    const context = present(this.#context, "context");
    let watermarkMs = snapshots.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      context.restore([snapshot]);
      watermarkMs = Math.min(watermarkMs, context.watermarkMs);
      present(this.#waiting, "waiting rows").restore(snapshot);
    }
    context.watermarkMs = watermarkMs;
  }

  counters(): Readonly<Record<string, number>> {
    return { lateRows: this.#late.count };
  }

  #emit(context: KeyedContext, batch: ColumnBatch, out: OutputBatch): void {
    const { aggregates, input } = this.#settings;
    this.#enter(context, batch);
    const row = this.#row;
    row.bind(batch);
    row.moveTo(0);
    out.rows.addRow(row.eventTimeMs, row.kind);
    const fields = input.fields.length;
    for (let field = 0; field < fields; field++) out.rows.copy(field, row, field);
    aggregates.writeResults(this.#total, 0, out.rows, fields);
    out.flushIfFull();
  }

  /** Puts the row into its key's ring, in place of the oldest, and adds up the ring. */
  #enter(context: KeyedContext, batch: ColumnBatch): void {
    const { aggregates, preceding } = this.#settings;
    const { width } = aggregates;
    const rows = Math.min(context.get(0) + 1, preceding + 1);
    const place = context.get(1);
    context.set(0, rows);
    context.set(1, place === preceding ? 0 : place + 1);
    const { values, start } = context.state;
    const newest = start + HEAD + place * width;
    aggregates.initialize(values, newest);
    aggregates.accumulate(values, newest, batch, 0);
    aggregates.initialize(this.#total, 0);
    for (let i = 0; i < rows; i++) {
      const from = place - rows + 1 + i; // the oldest first: sums of f64 depend on the order
      const at = start + HEAD + (from < 0 ? from + preceding + 1 : from) * width;
      aggregates.merge(this.#total, 0, values, at);
    }
  }
}
