import { assert, present } from "../../../base/assert.ts";
import { hashBytes, hashNumber } from "../../../base/hash.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { BytesSegment } from "../../state/bytes-segment.ts";
import { NumberSegment } from "../../state/number-segment.ts";
import type { Segment } from "../../state/segment.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";
import { isLoopMark } from "../loop-marks.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { PartialOutput } from "./partial-output.ts";
import type { WindowGeometry } from "./window-spec.ts";

/** How much is held at most. */
export interface HoldLimits {
  /** When there is one more, the one that has had no row for longest leaves. */
  readonly panes: number;
  /** Of a pane: at the last one it leaves. */
  readonly keys: number;
}

/**
 * Two panes: the one that rows come for and the one before it. Then a pane leaves before a delayed watermark completes it, and no result
 * waits for that. Tables of so many keys stay in the cache; twice as many would save hardly a row more (`docs/performance.md`).
 */
const HOLD_LIMITS: HoldLimits = { panes: 2, keys: 1024 };

interface HeldPane {
  readonly number: number;
  readonly segment: Segment;
  /** When it had rows last, counted in changes from pane to pane. */
  usedAt: number;
}

/**
 * The first of a window aggregate's two phases, on the sender's side of the exchange: rows added up by pane and key. One row
 * of `partialSchema` leaves for each, with the last instant of its pane as event time: so it is late for the second phase exactly when
 * its rows would have been. They are held over batches: until the watermark completes their pane, or a limit is reached, or `handOn` is
 * called. What is behind the watermark already, or may be, leaves with its batch. Nothing that is held is in a snapshot.
 * Two-phase aggregation: Gray et al., "Data cube", 1997 (distributive and algebraic functions); combiners: Dean and Ghemawat, 2004.
 */
export class LocalWindowAggregateOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #paneMs: number;
  readonly #aggregates: BoundAggregates;
  readonly #schema: RowSchema;
  /** Numbers of an accumulator and the count of its rows. */
  readonly #width: number;
  readonly #limits: HoldLimits;
  readonly #held: HeldPane[] = [];
  /** Empty, for reuse. */
  readonly #spare: Segment[] = [];
  #changes = 0;
  /** What is complete at this one leaves with its batch. */
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #out: PartialOutput | null = null;

  /** `schema`: as `partialSchema` gives it; `aggregates` without distinct counts. */
  constructor(
    codec: KeyCodec,
    { paneMs }: WindowGeometry,
    aggregates: BoundAggregates,
    schema: RowSchema,
    limits: HoldLimits = HOLD_LIMITS,
  ) {
    this.#codec = codec;
    this.#paneMs = paneMs;
    this.#aggregates = aggregates;
    this.#schema = schema;
    this.#width = aggregates.width + 1;
    this.#limits = limits;
  }

  open({ keyGroups }: OperatorContext, output: Output): void {
    this.#out = new PartialOutput(this.#codec, this.#schema, keyGroups.total, output);
  }

  process(_input: number, batch: ColumnBatch): void {
    const { selection, selectedCount, eventTimes } = batch;
    const paneMs = this.#paneMs;
    const maxKeys = this.#limits.keys;
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
      if (segment.count >= maxKeys) {
        this.#leave(this.#held.findIndex(({ number }) => number === pane));
        segment = null;
      }
    }
    this.#handOnUntil(this.#watermarkMs);
  }

  advanceWatermark(timeMs: number): void {
    this.#watermarkMs = timeMs;
    // The mark of a loop's round says what is behind the rows before it.
    this.#handOnUntil(isLoopMark(timeMs) ? Number.POSITIVE_INFINITY : timeMs);
  }

  handOn(): void {
    this.#handOnUntil(Number.POSITIVE_INFINITY);
  }

  snapshot(): void {
    assert(this.#held.length === 0, "rows are held that no snapshot has");
  }

  /** How far the watermark had come is known with the next one; until then nothing waits, as all of it may be behind. */
  restore(): void {
    this.#watermarkMs = Number.POSITIVE_INFINITY;
  }

  #segmentOf(number: number): Segment {
    this.#changes += 1;
    for (const held of this.#held) {
      if (held.number !== number) continue;
      held.usedAt = this.#changes;
      return held.segment;
    }
    if (this.#held.length === this.#limits.panes) this.#leave(this.#leastRecent());
    const segment = this.#spare.pop() ?? this.#newSegment();
    this.#held.push({ number, segment, usedAt: this.#changes });
    return segment;
  }

  #newSegment(): Segment {
    return this.#codec.numeric ? new NumberSegment(this.#width, false) : new BytesSegment(this.#width, false);
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

  #leastRecent(): number {
    let index = 0;
    for (let i = 1; i < this.#held.length; i++) if (this.#held[i]!.usedAt < this.#held[index]!.usedAt) index = i;
    return index;
  }

  #lastInstantMs({ number }: HeldPane): number {
    return (number + 1) * this.#paneMs - 1;
  }

  /** Hands on all panes that are complete at watermark `timeMs`, in the order in which they were begun. */
  #handOnUntil(timeMs: number): void {
    for (let i = 0; i < this.#held.length; ) {
      if (this.#lastInstantMs(this.#held[i]!) <= timeMs) this.#leave(i);
      else i += 1;
    }
    present(this.#out, "output").flush();
  }

  /** The pane's rows go to the output; they leave when that is flushed. */
  #leave(index: number): void {
    const [pane] = this.#held.splice(index, 1);
    if (pane === undefined) return;
    present(this.#out, "output").write(pane.segment, this.#lastInstantMs(pane));
    pane.segment.clear();
    this.#spare.push(pane.segment);
  }
}
