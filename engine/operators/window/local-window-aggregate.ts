import { present } from "../../../base/assert.ts";
import { hashBytes, hashNumber } from "../../../base/hash.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesSegment } from "../../state/bytes-segment.ts";
import { NumberSegment } from "../../state/number-segment.ts";
import type { Segment } from "../../state/segment.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";
import type { OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import { StatelessOperator } from "../stateless.ts";
import { writeKeyOf } from "./segment-keys.ts";
import type { WindowGeometry } from "./window-spec.ts";

/** Panes that are gathered at a time; rows of more are handed on in several goes. */
const MAX_PANES = 4;

/**
 * The first of a window aggregate's two phases, on the sender's side of the exchange: the rows of one batch, added up by pane and key. One row
 * of `partialSchema` leaves for each, with the last instant of its pane as event time: so it is late for the second phase exactly when
 * its rows would have been. Nothing is kept beyond the batch: no watermark or barrier overtakes a row, and there is nothing to save.
 * Two-phase aggregation: Gray et al., "Data cube", 1997 (distributive and algebraic functions); combiners: Dean and Ghemawat, 2004.
 */
export class LocalWindowAggregateOperator extends StatelessOperator {
  readonly #codec: KeyCodec;
  readonly #paneMs: number;
  readonly #aggregates: BoundAggregates;
  readonly #schema: RowSchema;
  /** Numbers of an accumulator and the count of its rows. */
  readonly #width: number;
  /** The panes that have rows are the first `#used`. */
  readonly #panes: number[] = [];
  readonly #segments: Segment[] = [];
  #used = 0;
  #out: OutputBatch | null = null;

  /** `schema`: as `partialSchema` gives it; `aggregates` without distinct counts. */
  constructor(codec: KeyCodec, { paneMs }: WindowGeometry, aggregates: BoundAggregates, schema: RowSchema) {
    super();
    this.#codec = codec;
    this.#paneMs = paneMs;
    this.#aggregates = aggregates;
    this.#schema = schema;
    this.#width = aggregates.width + 1;
  }

  override open(context: OperatorContext, output: Output): void {
    super.open(context, output);
    this.#out = new OutputBatch(this.#schema, output);
  }

  override process(_input: number, batch: ColumnBatch): void {
    const { selection, selectedCount, eventTimes } = batch;
    const paneMs = this.#paneMs;
    let pane = Number.NaN;
    let segment: Segment | null = null;
    for (let i = 0; i < selectedCount; i++) {
      const row = selection[i]!;
      const own = Math.floor(eventTimes[row]! / paneMs);
      if (segment === null || own !== pane) {
        segment = this.#segmentOf(own);
        pane = own;
      }
      this.#add(segment, batch, row);
    }
    this.#handOn();
  }

  #segmentOf(pane: number): Segment {
    for (let i = 0; i < this.#used; i++) if (this.#panes[i] === pane) return this.#segments[i]!;
    if (this.#used === MAX_PANES) this.#handOn();
    const at = this.#used++;
    this.#panes[at] = pane;
    this.#segments[at] ??= this.#codec.numeric
      ? new NumberSegment(this.#width, false)
      : new BytesSegment(this.#width, false);
    return this.#segments[at]!;
  }

  #add(segment: Segment, batch: ColumnBatch, row: number): void {
    const at = this.#entryOf(segment, batch, row) * this.#width;
    const { values } = segment;
    if (segment.inserted) this.#aggregates.initialize(values, at);
    this.#aggregates.accumulate(values, at, batch, row);
    values[at + this.#width - 1]! += 1;
  }

  #entryOf(segment: Segment, batch: ColumnBatch, row: number): number {
    const codec = this.#codec;
    if (segment instanceof NumberSegment) {
      const key = codec.numberOf(batch, row);
      return segment.upsert(hashNumber(key), key);
    }
    codec.encode(batch, row);
    const { bytes, length } = codec;
    return (segment as BytesSegment).upsert(hashBytes(bytes, 0, length), bytes, 0, length);
  }

  #handOn(): void {
    for (let i = 0; i < this.#used; i++) {
      const segment = this.#segments[i]!;
      this.#emitPane(this.#panes[i]!, segment);
      segment.clear();
    }
    this.#used = 0;
    present(this.#out, "output").flush();
  }

  #emitPane(pane: number, segment: Segment): void {
    const out = present(this.#out, "output");
    const eventTimeMs = (pane + 1) * this.#paneMs - 1;
    const rowsField = this.#codec.fields.length;
    const last = this.#width - 1;
    for (let entry = 0; entry < segment.count; entry++) {
      const at = entry * this.#width;
      out.rows.addRow(eventTimeMs);
      writeKeyOf(this.#codec, segment, entry, out.rows);
      out.rows.setNumber(rowsField, segment.values[at + last]!);
      for (let i = 0; i < last; i++) out.rows.setNumber(rowsField + 1 + i, segment.values[at + i]!);
      out.flushIfFull();
    }
  }
}
