import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import type { KeyCodec } from "../../rows/key.ts";
import type { RowSchema } from "../../rows/schema.ts";
import { SmallDetails } from "../../state/entry-details.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";
import { KeyedContext } from "../keyed-context.ts";
import { LateRows } from "../late-rows.ts";
import type { Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import { NO_SESSION, Sessions } from "./sessions.ts";

/**
 * Incremental aggregates per key and session: rows of a key whose event times are at most `gapMs` apart belong together, also through
 * others between them, so a row out of order can merge sessions. A session ends `gapMs` after its last row and fires when the watermark
 * reaches its end − 1; sessions fire in the order (end, key group, key bytes). A row that could only form a session which would have fired
 * is counted (`lateRows`) and goes to the side output for late rows, where there is one; one that reaches an open session belongs to it.
 *
 * A session has one timer, at the end that it had when the timer was set: a row that lengthens it costs no timer.
 */
export class SessionAggregateOperator implements Operator {
  readonly #codec: KeyCodec;
  readonly #gapMs: number;
  readonly #aggregates: BoundAggregates;
  readonly #schema: RowSchema;
  readonly #sessions: Sessions;
  #context: KeyedContext | null = null;
  #out: OutputBatch | null = null;
  readonly #late: LateRows;

  /** `schema`: as `windowSchema` gives it; `aggregates` without distinct counts; `late`: tag of the side output for late rows. */
  constructor(codec: KeyCodec, gapMs: number, aggregates: BoundAggregates, schema: RowSchema, late: string | null) {
    this.#late = new LateRows(late);
    this.#codec = codec;
    this.#gapMs = gapMs;
    this.#aggregates = aggregates;
    this.#schema = schema;
    this.#sessions = new Sessions(aggregates.width);
  }

  open(context: OperatorContext, output: Output): void {
    // The key's one value: its list's first session + 1.
    this.#context = new KeyedContext(this.#codec, context.keyGroups, { width: 1, savedWidth: 0 });
    const sessions = this.#sessions;
    this.#context.table.own(
      new SmallDetails(
        (writer, segment, entry) => sessions.write(writer, segment.values[entry]! - 1),
        (reader, segment, entry) => {
          segment.values[entry] = sessions.read(reader) + 1;
        },
      ),
    );
    this.#out = new OutputBatch(this.#schema, output);
    this.#late.open(context);
  }

  process(_input: number, batch: ColumnBatch): void {
    const context = present(this.#context, "context");
    const codec = this.#codec;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      context.useKeyOf(codec, batch, row);
      this.#add(context, batch, row);
    }
    this.#late.flush(batch);
  }

  advanceWatermark(timeMs: number): void {
    const context = present(this.#context, "context");
    const out = present(this.#out, "output");
    context.watermarkMs = timeMs;
    context.timers.fire(timeMs, (dueMs, _group, bytes, start, end) => {
      context.useBytes(bytes, start, end);
      this.#onTimer(context, dueMs, out);
    });
    out.flush();
  }

  snapshot(writer: SnapshotWriter): void {
    const { table, timers, watermarkMs } = present(this.#context, "context");
    writer.f64(watermarkMs);
    table.snapshot(writer);
    timers.snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    const context = present(this.#context, "context");
    const { table, timers } = context;
    let watermarkMs = snapshots.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      watermarkMs = Math.min(watermarkMs, snapshot.f64());
      table.restore(snapshot);
      timers.restore(snapshot);
    }
    context.watermarkMs = watermarkMs;
  }

  counters(): Readonly<Record<string, number>> {
    return { lateRows: this.#late.count };
  }

  #add(context: KeyedContext, batch: ColumnBatch, row: number): void {
    const sessions = this.#sessions;
    const timeMs = batch.eventTimes[row]!;
    let session = this.#near(context, timeMs);
    if (session === NO_SESSION) {
      if (timeMs + this.#gapMs - 1 <= context.watermarkMs) {
        this.#late.add(row);
        return;
      }
      session = this.#begin(context, timeMs);
    } else sessions.cover(session, timeMs, timeMs);
    const at = session * sessions.width + sessions.accumulatorsAt;
    this.#aggregates.accumulate(sessions.values, at, batch, row);
  }

  /** The session that a row of this time belongs to, made of all that it reaches; `NO_SESSION` when it reaches none. */
  #near(context: KeyedContext, timeMs: number): number {
    const sessions = this.#sessions;
    let found = NO_SESSION;
    let before = NO_SESSION;
    for (let session = context.get(0) - 1; session !== NO_SESSION; ) {
      const next = sessions.links[session]!;
      const near =
        timeMs >= sessions.firstMs(session) - this.#gapMs && timeMs <= sessions.lastMs(session) + this.#gapMs;
      if (near && found !== NO_SESSION) {
        this.#merge(found, session);
        this.#unlink(context, before, session);
      } else {
        if (near) found = session;
        before = session;
      }
      session = next;
    }
    return found;
  }

  #begin(context: KeyedContext, timeMs: number): number {
    const sessions = this.#sessions;
    const timerMs = timeMs + this.#gapMs - 1;
    const session = sessions.add(timeMs, timeMs, timerMs);
    this.#aggregates.initialize(sessions.values, session * sessions.width + sessions.accumulatorsAt);
    sessions.links[session] = context.get(0) - 1;
    context.set(0, session + 1);
    context.setTimer(timerMs);
    return session;
  }

  /** Adds `other` to `session`. The timer that is left over finds no session of its own and does nothing. */
  #merge(session: number, other: number): void {
    const sessions = this.#sessions;
    const { values, width, accumulatorsAt } = sessions;
    sessions.cover(session, sessions.firstMs(other), sessions.lastMs(other));
    sessions.setTimerMs(session, Math.min(sessions.timerMs(session), sessions.timerMs(other)));
    const at = session * width + accumulatorsAt;
    this.#aggregates.merge(values, at, values, other * width + accumulatorsAt);
  }

  /** Takes `session`, which comes after `before`, out of the key's list. */
  #unlink(context: KeyedContext, before: number, session: number): void {
    const { links } = this.#sessions;
    const next = links[session]!;
    if (before !== NO_SESSION) links[before] = next;
    else if (next === NO_SESSION) context.clear();
    else context.set(0, next + 1);
    this.#sessions.free(session);
  }

  #onTimer(context: KeyedContext, dueMs: number, out: OutputBatch): void {
    const sessions = this.#sessions;
    let before = NO_SESSION;
    for (let session = context.get(0) - 1; session !== NO_SESSION; ) {
      const next = sessions.links[session]!;
      const endMs = sessions.lastMs(session) + this.#gapMs;
      if (sessions.timerMs(session) === dueMs && endMs - 1 === dueMs) {
        this.#emit(context, session, endMs, out);
        this.#unlink(context, before, session);
      } else {
        if (sessions.timerMs(session) === dueMs) this.#setTimer(context, session, endMs - 1);
        before = session;
      }
      session = next;
    }
  }

  #setTimer(context: KeyedContext, session: number, timeMs: number): void {
    this.#sessions.setTimerMs(session, timeMs);
    context.setTimer(timeMs);
  }

  #emit(context: KeyedContext, session: number, endMs: number, out: OutputBatch): void {
    const sessions = this.#sessions;
    const firstResult = this.#codec.fields.length;
    const windowField = firstResult + this.#aggregates.count;
    out.rows.addRow(endMs - 1);
    context.writeKey(out.rows);
    const at = session * sessions.width + sessions.accumulatorsAt;
    this.#aggregates.writeResults(sessions.values, at, out.rows, firstResult);
    out.rows.setNumber(windowField, sessions.firstMs(session));
    out.rows.setNumber(windowField + 1, endMs);
    out.flushIfFull();
  }
}
