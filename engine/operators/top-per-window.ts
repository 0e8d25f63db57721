import { present } from "../../base/assert.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { ColumnBatch, NumberColumn } from "../rows/batch.ts";
import { rowBytes } from "../rows/binary-layout.ts";
import { BinaryRowReader } from "../rows/binary-reader.ts";
import { BinaryRowWriter } from "../rows/binary-writer.ts";
import { compareBytes } from "../rows/bytes.ts";
import { keyGroupOfNumber } from "../rows/key-groups.ts";
import type { RowSchema } from "../rows/schema.ts";
import { readInstanceStates, writeInstanceState } from "./instance-state.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OUTPUT_BATCH_ROWS } from "./output-batch.ts";

/** The rows that lead one window so far: all have value `top`. */
interface Leaders {
  top: number;
  readonly rows: BinaryRowWriter;
}

const INITIAL_BYTES = 256;

/**
 * Per window the rows with the largest value, all ties; emitted, windows ascending, when the watermark reaches
 * window end − 1, ties in the order of their binary rows, so that it does not matter which channel's came first. Rows that come later are dropped and counted (`lateRows`), as are rows whose window or value is NULL (`nullRows`).
 * Used twice in a row it is a two-stage top: first per instance over that instance's rows, then by window over all.
 */
export class TopPerWindowOperator implements Operator {
  readonly #schema: RowSchema;
  readonly #window: number;
  readonly #value: number;
  readonly #keyed: boolean;
  readonly #reader: BinaryRowReader;
  readonly #windows = new Map<number, Leaders>();
  #context: OperatorContext | null = null;
  #output: Output | null = null;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #lateRows = 0;
  #nullRows = 0;

  /** Indexes of the numeric fields with the window's end (ms) and the value; `keyed`: the input is hashed by the window's end. */
  constructor(schema: RowSchema, window: number, value: number, keyed: boolean) {
    this.#schema = schema;
    this.#window = window;
    this.#value = value;
    this.#keyed = keyed;
    this.#reader = new BinaryRowReader(schema, OUTPUT_BATCH_ROWS);
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = context;
    this.#output = output;
  }

  process(_input: number, batch: ColumnBatch): void {
    const windows = batch.columns[this.#window] as NumberColumn;
    const values = batch.columns[this.#value] as NumberColumn;
    for (let i = 0; i < batch.selectedCount; i++) {
      const row = batch.selection[i]!;
      if (isNull(windows, row) || isNull(values, row)) {
        this.#nullRows += 1;
        continue;
      }
      const end = windows.values[row]!;
      if (end - 1 <= this.#watermarkMs) {
        this.#lateRows += 1;
        continue;
      }
      const value = values.values[row]!;
      const leaders = this.#leaders(end, value);
      if (leaders.top === value) leaders.rows.append(batch, row);
    }
  }

  advanceWatermark(timeMs: number): void {
    const output = present(this.#output, "output");
    this.#watermarkMs = timeMs;
    for (const end of this.#ends()) {
      if (end - 1 > timeMs) break;
      const { rows } = this.#windows.get(end)!;
      this.#windows.delete(end);
      this.#reader.decode(sortedRows(rows.peek(), rows.count), 0, rows.count, (batch) => output.emit(batch));
    }
  }

  snapshot(writer: SnapshotWriter): void {
    writeInstanceState(writer, present(this.#context, "context"), (state) => {
      state.f64(this.#watermarkMs);
      state.u32(this.#windows.size);
      for (const end of this.#ends()) {
        const { top, rows } = this.#windows.get(end)!;
        state.f64(end);
        state.f64(top);
        state.u32(rows.count);
        state.bytes(rows.peek());
      }
    });
  }

  /** By key group where keyed; else whole earlier instances (`instance-state.ts`). */
  restore(snapshots: readonly SnapshotReader[]): void {
    const context = present(this.#context, "context");
    const which = this.#keyed ? "all" : "own"; // keyed: every snapshot may hold windows of our key groups
    const states = readInstanceStates(snapshots, context, which).map((state) => new SnapshotReader(state));
    if (states.length === 0) return;
    this.#watermarkMs = Math.min(...states.map((state) => state.f64()));
    for (const state of states) this.#restoreWindows(state, context);
  }

  counters(): Readonly<Record<string, number>> {
    return { lateRows: this.#lateRows, nullRows: this.#nullRows };
  }

  #restoreWindows(state: SnapshotReader, { keyGroups }: OperatorContext): void {
    for (let left = state.u32(); left > 0; left--) {
      const end = state.f64();
      const top = state.f64();
      const count = state.u32();
      const rows = state.bytes();
      const group = keyGroupOfNumber(end, keyGroups.total);
      if (this.#keyed && (group < keyGroups.first || group >= keyGroups.end)) continue;
      const leaders = this.#leaders(end, top);
      if (leaders.top === top) leaders.rows.appendRows(rows, count);
    }
  }

  /** The window's leaders, who have at least `value`: if all have less they are gone. */
  #leaders(end: number, value: number): Leaders {
    let leaders = this.#windows.get(end);
    if (leaders === undefined) {
      leaders = { top: value, rows: new BinaryRowWriter(this.#schema, INITIAL_BYTES) };
      this.#windows.set(end, leaders);
    } else if (value > leaders.top) {
      leaders.top = value;
      leaders.rows.clear();
    }
    return leaders;
  }

  /** Ends of the windows that have rows, ascending. */
  #ends(): number[] {
    return [...this.#windows.keys()].sort((a, b) => a - b);
  }
}

function isNull(column: NumberColumn, row: number): boolean {
  return column.nulls !== null && column.nulls[row] === 1;
}

/** The `count` binary rows of `payload` in the order of their bytes. */
function sortedRows(payload: Uint8Array, count: number): Uint8Array {
  if (count < 2) return payload;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const starts: number[] = [];
  for (let at = 0; starts.length < count; at += rowBytes(view, at)) starts.push(at);
  const end = (start: number) => start + rowBytes(view, start);
  starts.sort((a, b) => compareBytes(payload, a, end(a), payload, b, end(b)));
  const sorted = new Uint8Array(payload.length);
  let at = 0;
  for (const start of starts) {
    sorted.set(payload.subarray(start, end(start)), at);
    at += end(start) - start;
  }
  return sorted;
}
