import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { RowWriter } from "../../rows/batch-builder.ts";
import type { KeyCodec } from "../../rows/key.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesSegment } from "../../state/bytes-segment.ts";
import type { BytesKeyTable, NumberKeyTable } from "../../state/key-table.ts";
import { NumberSegment } from "../../state/number-segment.ts";
import type { Segment } from "../../state/segment.ts";
import type { KeyGroupRange, Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import {
  accumulate,
  type BoundAggregate,
  initializeAccumulators,
  mergeAccumulators,
  writeResults,
} from "./aggregates.ts";
import { Panes, type PaneTable } from "./panes.ts";
import { firstOpenWindowStart, firstWindowStart, lastWindowStart, type WindowGeometry } from "./window-spec.ts";

/**
 * Incremental aggregates per key and window. Rows go into panes; a window that fires merges its panes, group by group, and emits its
 * rows in the order (window end, key group, key bytes). Rows whose last window has fired are dropped and counted (`lateRows`).
 */
export class WindowAggregateOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #geometry: WindowGeometry;
  readonly #aggregates: readonly BoundAggregate[];
  readonly #schema: RowSchema;
  #range: KeyGroupRange = { first: 0, end: 0, total: 1 };
  #panes: Panes | null = null;
  #out: OutputBatch | null = null;
  readonly #scratch: Segment;
  /** By key group: windows that end by this had fired for it before a restore; instances may have stood at different watermarks. */
  #firedMs: Float64Array = new Float64Array(0);
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #lateRows = 0;

  /** `schema`: as `aggregateSchema` gives it. */
  constructor(codec: KeyCodec, geometry: WindowGeometry, aggregates: readonly BoundAggregate[], schema: RowSchema) {
    this.#codec = codec;
    this.#geometry = geometry;
    this.#aggregates = aggregates;
    this.#schema = schema;
    this.#scratch = codec.numeric
      ? new NumberSegment(aggregates.length, false)
      : new BytesSegment(aggregates.length, false);
  }

  open(context: OperatorContext, output: Output): void {
    const { first, end } = context.keyGroups;
    this.#range = context.keyGroups;
    this.#firedMs = new Float64Array(end - first).fill(Number.NEGATIVE_INFINITY);
    this.#panes = new Panes(context.keyGroups, this.#aggregates.length, this.#codec.numeric);
    this.#out = new OutputBatch(this.#schema, output);
  }

  process(_input: number, batch: ColumnBatch): void {
    const panes = present(this.#panes, "panes");
    const { selection, selectedCount, eventTimes } = batch;
    const { paneMs } = this.#geometry;
    const firstPane = this.#firstOpenPane();
    for (let i = 0; i < selectedCount; i++) {
      const row = selection[i]!;
      const pane = Math.floor(eventTimes[row]! / paneMs);
      if (pane < firstPane) {
        this.#lateRows += 1;
        continue;
      }
      const table = panes.open(pane);
      if (this.#codec.numeric) this.#addNumber(table as NumberKeyTable, batch, row);
      else this.#addBytes(table as BytesKeyTable, batch, row);
    }
  }

  advanceWatermark(timeMs: number): void {
    const panes = present(this.#panes, "panes");
    const out = present(this.#out, "output");
    const { sizeMs } = this.#geometry;
    let open = firstOpenWindowStart(this.#geometry, this.#watermarkMs);
    this.#watermarkMs = timeMs;
    for (let pane = panes.earliest(); pane !== Number.POSITIVE_INFINITY; pane = panes.earliest()) {
      const start = Math.max(open, firstWindowStart(this.#geometry, pane));
      if (start + sizeMs - 1 > timeMs) break;
      this.#fire(start);
      open = start + this.#geometry.slideMs;
      this.#dropPanesBefore(open);
    }
    out.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#watermarkMs);
    writer.u32(this.#range.first);
    writer.u32(this.#range.end);
    for (const firedMs of this.#firedMs) writer.f64(Math.max(firedMs, this.#watermarkMs));
    present(this.#panes, "panes").snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    if (snapshots.length === 0) return;
    const { first, end } = this.#range;
    let watermarkMs = Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      watermarkMs = Math.min(watermarkMs, snapshot.f64());
      const from = snapshot.u32();
      const to = snapshot.u32();
      for (let group = from; group < to; group++) {
        const firedMs = snapshot.f64();
        if (group >= first && group < end) this.#firedMs[group - first] = firedMs;
      }
      present(this.#panes, "panes").restore(snapshot);
    }
    this.#watermarkMs = watermarkMs;
  }

  counters(): Readonly<Record<string, number>> {
    return { lateRows: this.#lateRows };
  }

  /** The first pane that is in a window that has not fired. */
  #firstOpenPane(): number {
    return firstOpenWindowStart(this.#geometry, this.#watermarkMs) / this.#geometry.paneMs;
  }

  #addNumber(table: NumberKeyTable, batch: ColumnBatch, row: number): void {
    const entry = table.upsert(this.#codec.numberOf(batch, row));
    this.#add(table.at, entry, batch, row);
  }

  #addBytes(table: BytesKeyTable, batch: ColumnBatch, row: number): void {
    this.#codec.encode(batch, row);
    const entry = table.upsert(this.#codec.bytes, 0, this.#codec.length);
    this.#add(table.at, entry, batch, row);
  }

  #add(segment: Segment, entry: number, batch: ColumnBatch, row: number): void {
    const at = entry * segment.width;
    if (segment.inserted) initializeAccumulators(this.#aggregates, segment.values, at);
    accumulate(this.#aggregates, segment.values, at, batch, row);
  }

  /** Emits the window that starts at `start`. */
  #fire(start: number): void {
    const { sizeMs, paneMs } = this.#geometry;
    const tables = present(this.#panes, "panes").between(start / paneMs, (start + sizeMs) / paneMs);
    const { first, end } = this.#range;
    for (let group = first; group < end; group++) {
      if (this.#firedMs[group - first]! >= start + sizeMs - 1) continue;
      const segment = tables.length === 1 ? tables[0]!.segment(group) : this.#merged(tables, group);
      if (segment !== null) this.#emit(segment, start);
    }
  }

  /** The group's entries of several panes as one. Valid until the next call. */
  #merged(tables: readonly PaneTable[], group: number): Segment {
    this.#scratch.clear();
    for (const table of tables) {
      const segment = table.segment(group);
      if (segment !== null) this.#merge(this.#scratch, segment);
    }
    return this.#scratch;
  }

  #merge(scratch: Segment, segment: Segment): void {
    const { width } = segment;
    for (let entry = 0; entry < segment.count; entry++) {
      const at = scratch.upsertFrom(segment, entry) * width;
      if (scratch.inserted) initializeAccumulators(this.#aggregates, scratch.values, at);
      mergeAccumulators(this.#aggregates, scratch.values, at, segment.values, entry * width);
    }
  }

  #emit(segment: Segment, start: number): void {
    const windowEnd = start + this.#geometry.sizeMs;
    const out = present(this.#out, "output");
    const firstResult = this.#codec.fields.length;
    const windowField = firstResult + this.#aggregates.length;
    const order = segment.sorted();
    for (let i = 0; i < segment.count; i++) {
      const entry = order[i]!;
      out.rows.addRow(windowEnd - 1);
      this.#writeKey(segment, entry, out.rows);
      writeResults(this.#aggregates, segment.values, entry * segment.width, out.rows, firstResult);
      out.rows.setNumber(windowField, start);
      out.rows.setNumber(windowField + 1, windowEnd);
      out.flushIfFull();
    }
  }

  #writeKey(segment: Segment, entry: number, out: RowWriter): void {
    if (segment instanceof NumberSegment) this.#codec.writeNumber(segment.keys[entry]!, out);
    else if (segment instanceof BytesSegment) {
      this.#codec.writeBytes(segment.keys.bytes, segment.keys.offsets[entry]!, out);
    }
  }

  /** Drops the panes that only windows before the one that starts at `start` contain. */
  #dropPanesBefore(start: number): void {
    const panes = present(this.#panes, "panes");
    for (let pane = panes.earliest(); pane !== Number.POSITIVE_INFINITY; pane = panes.earliest()) {
      if (lastWindowStart(this.#geometry, pane) >= start) return;
      panes.dropEarliest();
    }
  }
}
