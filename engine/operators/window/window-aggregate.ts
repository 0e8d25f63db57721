import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import { keyGroupOfBytes, keyGroupOfNumber } from "../../rows/key-groups.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { BytesKeyTable, NumberKeyTable } from "../../state/key-table.ts";
import type { Segment } from "../../state/segment.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";
import type { DistinctSets } from "../aggregate/distinct-sets.ts";
import { LateRows } from "../late-rows.ts";
import type { KeyGroupRange, Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import { PaneUnion } from "./pane-union.ts";
import { Panes } from "./panes.ts";
import type { PartialRows } from "./partial-rows.ts";
import { writeKeyOf } from "./segment-keys.ts";
import { firstOpenWindowStart, firstWindowStart, lastWindowStart, type WindowGeometry } from "./window-spec.ts";

/**
 * Incremental aggregates per key and window. Rows go into panes; a window that fires merges its panes, group by group, and emits its
 * rows in the order (window end, key group, key bytes). Rows whose last window has fired are counted (`lateRows`) and go to the side output
 * for late rows, where there is one.
 */
export class WindowAggregateOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #geometry: WindowGeometry;
  readonly #aggregates: BoundAggregates;
  readonly #schema: RowSchema;
  #range: KeyGroupRange = { first: 0, end: 0, total: 1 };
  #panes: Panes | null = null;
  #out: OutputBatch | null = null;
  /** By key group: windows that end by this had fired for it before a restore; instances may have stood at different watermarks. */
  #firedMs: Float64Array = new Float64Array(0);
  #watermarkMs = Number.NEGATIVE_INFINITY;
  readonly #late: LateRows;
  #union: PaneUnion | null = null;
  readonly #partials: PartialRows | null;

  /**
   * `schema`: as `windowSchema` gives it; `late`: tag of the side output for late rows. `partials`: the rows are aggregates of a first phase
   * (`LocalWindowAggregateOperator`), and `codec` is of their schema; then there is no side output, and there are no distinct counts.
   */
  constructor(
    codec: KeyCodec,
    geometry: WindowGeometry,
    aggregates: BoundAggregates,
    schema: RowSchema,
    late: string | null,
    partials: PartialRows | null = null,
  ) {
    this.#partials = partials;
    this.#late = new LateRows(late);
    this.#codec = codec;
    this.#geometry = geometry;
    this.#aggregates = aggregates;
    this.#schema = schema;
  }

  open(context: OperatorContext, output: Output): void {
    const { first, end } = context.keyGroups;
    this.#range = context.keyGroups;
    this.#firedMs = new Float64Array(end - first).fill(Number.NEGATIVE_INFINITY);
    const { width, distinct } = this.#aggregates;
    this.#panes = new Panes(context.keyGroups, width, this.#codec.numeric, distinct.length > 0);
    this.#union = new PaneUnion(this.#codec, this.#aggregates, context.keyGroups);
    this.#late.open(context);
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
        this.#late.add(row, this.#partials?.count(batch, row));
        continue;
      }
      const { table, sets } = panes.open(pane);
      if (this.#codec.numeric) this.#addNumber(table as NumberKeyTable, sets, batch, row);
      else this.#addBytes(table as BytesKeyTable, sets, batch, row);
    }
    this.#late.flush(batch);
  }

  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  /** Is there a window that has not fired and has rows? */
  get hasOpenWindows(): boolean {
    return present(this.#panes, "panes").earliest() !== Number.POSITIVE_INFINITY;
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
    return { lateRows: this.#late.count };
  }

  /** The first pane that is in a window that has not fired. */
  #firstOpenPane(): number {
    return firstOpenWindowStart(this.#geometry, this.#watermarkMs) / this.#geometry.paneMs;
  }

  #addNumber(table: NumberKeyTable, sets: DistinctSets | null, batch: ColumnBatch, row: number): void {
    const key = this.#codec.numberOf(batch, row);
    const entry = table.upsert(key);
    this.#add(table.at, entry, batch, row);
    if (sets === null) return;
    this.#codec.encodeNumber(key);
    this.#addDistinct(sets, keyGroupOfNumber(key, this.#range.total), table.at, entry, batch, row);
  }

  #addBytes(table: BytesKeyTable, sets: DistinctSets | null, batch: ColumnBatch, row: number): void {
    const codec = this.#codec;
    codec.encode(batch, row);
    const entry = table.upsert(codec.bytes, 0, codec.length);
    this.#add(table.at, entry, batch, row);
    if (sets === null) return;
    const group = keyGroupOfBytes(codec.bytes, 0, codec.length, this.#range.total);
    this.#addDistinct(sets, group, table.at, entry, batch, row);
  }

  #add(segment: Segment, entry: number, batch: ColumnBatch, row: number): void {
    const at = entry * segment.width;
    if (segment.inserted) this.#aggregates.initialize(segment.values, at);
    if (this.#partials === null) this.#aggregates.accumulate(segment.values, at, batch, row);
    else this.#partials.merge(segment.values, at, batch, row);
  }

  /** After `#add`, with the key's bytes in the codec. */
  #addDistinct(
    sets: DistinctSets,
    group: number,
    segment: Segment,
    entry: number,
    batch: ColumnBatch,
    row: number,
  ): void {
    const { bytes, length } = this.#codec;
    this.#aggregates.addDistinct(sets, group, bytes, length, batch, row, segment.values, entry * segment.width);
  }

  /** Emits the window that starts at `start`. */
  #fire(start: number): void {
    const { sizeMs, paneMs } = this.#geometry;
    const panes = present(this.#panes, "panes").between(start / paneMs, (start + sizeMs) / paneMs);
    const { first, end } = this.#range;
    for (let group = first; group < end; group++) {
      if (this.#firedMs[group - first]! >= start + sizeMs - 1) continue;
      const segment =
        panes.length === 1 ? panes[0]!.table.segment(group) : present(this.#union, "union").of(panes, group);
      if (segment !== null) this.#emit(segment, start);
    }
  }

  #emit(segment: Segment, start: number): void {
    const windowEnd = start + this.#geometry.sizeMs;
    const out = present(this.#out, "output");
    const firstResult = this.#codec.fields.length;
    const windowField = firstResult + this.#aggregates.count;
    const order = segment.sorted();
    for (let i = 0; i < segment.count; i++) {
      const entry = order[i]!;
      out.rows.addRow(windowEnd - 1);
      writeKeyOf(this.#codec, segment, entry, out.rows);
      this.#aggregates.writeResults(segment.values, entry * segment.width, out.rows, firstResult);
      out.rows.setNumber(windowField, start);
      out.rows.setNumber(windowField + 1, windowEnd);
      out.flushIfFull();
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
