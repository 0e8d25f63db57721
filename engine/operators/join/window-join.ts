import { present } from "../../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { Row } from "../../rows/row.ts";
import { END_OF_LIST } from "../../state/row-lists.ts";
import type { Segment } from "../../state/segment.ts";
import { KeyedRows } from "../keyed-rows.ts";
import type { KeyGroupRange, Operator, OperatorContext, Output } from "../operator.ts";
import { OutputBatch } from "../output-batch.ts";
import type { JoinSide } from "./join.ts";
import { type JoinOutput, writeJoined } from "./join-output.ts";

/** `inner`: every pair; `semi`: every left row, once, that has at least one right row. */
export type WindowJoinType = "inner" | "semi";

export interface WindowJoinSettings {
  readonly left: JoinSide;
  readonly right: JoinSide;
  readonly type: WindowJoinType;
  /** Length of the windows, which are aligned to the epoch, ms. */
  readonly sizeMs: number;
  /** The joined fields; after them come `window_start` and `window_end`. */
  readonly joined: JoinOutput;
}

const LEFT = 0;
const RIGHT = 1;
/** Windows' states kept for reuse. */
const MAX_SPARE = 2;

/**
 * Joins rows of equal key within tumbling windows. A window fires when the watermark reaches its end − 1 and gives its rows, event time
 * end − 1, in the order (key group, key bytes, arrival of the left row, arrival of the right row). Rows that come later are dropped and
 * counted (`lateRows`), as are rows with a NULL in their key (`nullKeys`).
 */
export class WindowJoinOperator implements Operator {
  readonly #settings: WindowJoinSettings;
  readonly #sides: readonly [JoinSide, JoinSide];
  readonly #windows = new Map<number, KeyedRows>();
  readonly #spare: KeyedRows[] = [];
  readonly #left = new Row();
  readonly #right = new Row();
  #range: KeyGroupRange = { first: 0, end: 0, total: 1 };
  #out: OutputBatch | null = null;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #lateRows = 0;
  #nullKeys = 0;

  constructor(settings: WindowJoinSettings) {
    this.#settings = settings;
    this.#sides = [settings.left, settings.right];
  }

  open(context: OperatorContext, output: Output): void {
    this.#range = context.keyGroups;
    this.#out = new OutputBatch(this.#settings.joined.schema, output);
  }

  process(input: number, batch: ColumnBatch): void {
    const { sizeMs, type } = this.#settings;
    const { keys } = this.#sides[input]!;
    const first = type === "semi" && input === RIGHT; // one right row is enough
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      const start = Math.floor(batch.eventTimes[row]! / sizeMs) * sizeMs;
      if (start + sizeMs - 1 <= this.#watermarkMs) this.#lateRows += 1;
      else if (keys.hasNull(batch, row)) this.#nullKeys += 1;
      else {
        const state = this.#window(start);
        const entry = state.open(keys, batch, row);
        if (first && state.lists.first(state.segment, entry, RIGHT) !== END_OF_LIST) continue;
        state.lists.append(state.segment, entry, input, batch, row);
      }
    }
  }

  advanceWatermark(timeMs: number): void {
    this.#watermarkMs = timeMs;
    for (const start of this.#starts()) {
      if (start + this.#settings.sizeMs - 1 > timeMs) break;
      this.#fire(start);
    }
    present(this.#out, "output").flush();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#watermarkMs);
    // A restore makes windows of which other instances own all rows.
    const starts = this.#starts().filter((start) => this.#windows.get(start)!.table.size > 0);
    writer.u32(starts.length);
    for (const start of starts) {
      writer.f64(start);
      this.#windows.get(start)!.snapshot(writer);
    }
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    let watermarkMs = snapshots.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (const snapshot of snapshots) {
      watermarkMs = Math.min(watermarkMs, snapshot.f64());
      for (let left = snapshot.u32(); left > 0; left--) this.#window(snapshot.f64()).restore(snapshot);
    }
    this.#watermarkMs = watermarkMs;
  }

  counters(): Readonly<Record<string, number>> {
    return { lateRows: this.#lateRows, nullKeys: this.#nullKeys };
  }

  #window(start: number): KeyedRows {
    let state = this.#windows.get(start);
    if (state === undefined) {
      const [left, right] = this.#sides;
      state = this.#spare.pop() ?? new KeyedRows(this.#range, left.keys.numeric, 0, [left.schema, right.schema]);
      this.#windows.set(start, state);
    }
    return state;
  }

  /** Starts of the windows that have rows, ascending. */
  #starts(): number[] {
    return [...this.#windows.keys()].sort((a, b) => a - b);
  }

  #fire(start: number): void {
    const state = this.#windows.get(start)!;
    this.#windows.delete(start);
    const { first, end } = this.#range;
    for (let group = first; group < end; group++) {
      const segment = state.table.segment(group);
      if (segment === null || segment.count === 0) continue;
      const order = segment.sorted();
      for (let i = 0; i < segment.count; i++) this.#fireKey(state, segment, order[i]!, start);
    }
    if (this.#spare.length >= MAX_SPARE) return;
    state.clear();
    this.#spare.push(state);
  }

  #fireKey({ lists }: KeyedRows, segment: Segment, entry: number, start: number): void {
    const matches = lists.first(segment, entry, RIGHT);
    if (matches === END_OF_LIST) return;
    for (let at = lists.first(segment, entry, LEFT); at !== END_OF_LIST; at = lists.next(LEFT, at)) {
      this.#left.bind(lists.rowAt(LEFT, at));
      this.#left.moveTo(0);
      for (let match = matches; match !== END_OF_LIST; match = lists.next(RIGHT, match)) {
        this.#right.bind(lists.rowAt(RIGHT, match));
        this.#right.moveTo(0);
        this.#emit(start);
      }
    }
  }

  #emit(start: number): void {
    const { sizeMs, joined } = this.#settings;
    const out = present(this.#out, "output");
    out.rows.addRow(start + sizeMs - 1);
    writeJoined(out.rows, joined, this.#left, this.#right);
    const windowField = joined.left.length + joined.right.length;
    out.rows.setNumber(windowField, start);
    out.rows.setNumber(windowField + 1, start + sizeMs);
    out.flushIfFull();
  }
}
