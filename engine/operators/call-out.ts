import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { SnapshotReader, type SnapshotWriter } from "../checkpoint/snapshot.ts";
import { Fifo } from "../merge/fifo.ts";
import type { CallOut, Timer } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowCollector } from "../rows/batch-builder.ts";
import { Row } from "../rows/row.ts";
import type { RowSchema } from "../rows/schema.ts";
import { FrozenRows } from "../state/frozen-rows.ts";
import { RowHeap } from "../state/row-heap.ts";
import { readInstanceStates, writeInstanceState } from "./instance-state.ts";
import type { Operator, OperatorContext, Output } from "./operator.ts";
import { OutputBatch } from "./output-batch.ts";
import { PendingSegments } from "./pending-segments.ts";
import { SideBatches, type SideOutput } from "./side-output.ts";

/** What to ask for a row, and what rows the response makes of it. */
export interface CallOutFunction {
  /** The request's bytes, which belong to the receiver from now on. */
  request(row: Row): Uint8Array;
  /** Adds any number of rows for `row` and its response. */
  onResponse(row: Row, response: Uint8Array, out: RowCollector): void;
}

export interface CallOutSettings {
  readonly endpoint: string;
  /** Most rows whose response is awaited, repeated attempts included. */
  readonly maxInFlight: number;
  /** Rows go on in the order in which they came; else in that of the responses. Neither passes a watermark. */
  readonly ordered: boolean;
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Wait before the first repeated attempt; doubles with each. */
  readonly backoffMs: number;
  /** The input's fields, then `error`: rows whose last attempt failed. null: such a row fails the job. */
  readonly failed: SideOutput | null;
}

/** Longest wait between two attempts. */
const MAX_BACKOFF_MS = 60_000;

/** A row that is not answered yet, or whose answer must wait for others. */
interface Pending {
  /** Number of the row in the heap. */
  readonly row: number;
  attempts: number;
  call: Timer | null;
  timer: Timer | null;
  response: Uint8Array | null;
  error: Error | null;
}

/**
 * Asks a service about each row. At most `maxInFlight` rows are asked about at once; when more have come the task takes no further input.
 * A watermark waits for the rows that came before it. A snapshot holds all rows that have not gone on: after a restore they are asked
 * about again, so a service may be asked twice. Its node must declare `processingTime`.
 */
export class CallOutOperator implements Operator {
  readonly #settings: CallOutSettings;
  readonly #function: CallOutFunction;
  readonly #schema: RowSchema;
  readonly #inputFields: number;
  readonly #heap: RowHeap;
  readonly #sides: SideBatches;
  readonly #row = new Row();
  readonly #waiting = new Fifo<Pending>();
  readonly #segments: PendingSegments<Pending>;
  #context: OperatorContext | null = null;
  #callOut: CallOut | null = null;
  #out: OutputBatch | null = null;
  #forward: (timeMs: number) => void = () => {};
  #inFlight = 0;
  #calls = 0;
  #failures = 0;

  /** `input`, `schema`: fields of the rows that come and go. */
  constructor(input: RowSchema, schema: RowSchema, create: () => CallOutFunction, settings: CallOutSettings) {
    this.#settings = settings;
    this.#function = create();
    this.#schema = schema;
    this.#inputFields = input.fields.length;
    this.#heap = new RowHeap(input);
    this.#sides = new SideBatches(settings.failed === null ? [] : [settings.failed]);
    this.#segments = new PendingSegments(settings.ordered, {
      isDone: (pending) => pending.response !== null || pending.error !== null,
      release: (pending) => this.#release(pending),
      forward: (timeMs) => this.#forwardWatermark(timeMs),
    });
  }

  open(context: OperatorContext, output: Output): void {
    this.#context = context;
    if (context.callOut === undefined) throw new FaultlineError("job-invalid", "requests cannot be made from here");
    this.#callOut = context.callOut;
    this.#out = new OutputBatch(this.#schema, output);
    this.#sides.open(context);
    const control = present(context.control, "control of the chain");
    this.#forward = control.holdWatermarks();
    control.onStart(() => this.#begin());
  }

  process(_input: number, batch: ColumnBatch): void {
    for (let i = 0; i < batch.selectedCount; i++) this.#add(this.#heap.add(batch, batch.selection[i]!));
    this.#begin();
  }

  advanceWatermark(timeMs: number): void {
    this.#segments.close(timeMs);
    this.#flush();
  }

  snapshot(writer: SnapshotWriter): void {
    writeInstanceState(writer, present(this.#context, "context"), (state) => {
      const rows = Int32Array.from(this.#segments.all(), ({ row }) => row);
      state.u32(rows.length);
      state.defer(new FrozenRows(this.#heap, rows));
    });
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    for (const bytes of readInstanceStates(snapshots, present(this.#context, "context"))) {
      const state = new SnapshotReader(bytes);
      for (let left = state.u32(); left > 0; left--) this.#add(this.#heap.addBytes(state.bytes()));
    }
  }

  holdsRows(): boolean {
    return this.#segments.size > 0;
  }

  /** `calls`: attempts; `failedCalls`: those that failed or took too long. */
  counters(): Readonly<Record<string, number>> {
    return { calls: this.#calls, failedCalls: this.#failures };
  }

  #add(row: number): void {
    const pending = { row, attempts: 0, call: null, timer: null, response: null, error: null };
    this.#segments.add(pending);
    this.#waiting.push(pending);
  }

  /** Asks about as many waiting rows as may be. */
  #begin(): void {
    while (this.#inFlight < this.#settings.maxInFlight) {
      const pending = this.#waiting.shift();
      if (pending === undefined) break;
      this.#inFlight += 1;
      this.#call(pending);
    }
    present(this.#context?.control, "control").setFull(this.#waiting.length > 0);
  }

  #call(pending: Pending): void {
    const { endpoint, timeoutMs } = this.#settings;
    pending.attempts += 1;
    this.#calls += 1;
    const request = this.#function.request(this.#rowOf(pending));
    pending.call = present(this.#callOut, "call-out").call(endpoint, request, (error, response) => {
      pending.timer?.cancel();
      if (response === null) this.#onFailure(pending, error ?? new Error("no response"));
      else this.#complete(pending, response, null);
    });
    pending.timer = this.#after(timeoutMs, () => {
      pending.call?.cancel();
      this.#onFailure(pending, new Error(`no response within ${timeoutMs} ms`));
    });
  }

  #onFailure(pending: Pending, error: Error): void {
    const { retries, backoffMs } = this.#settings;
    this.#failures += 1;
    if (pending.attempts > retries) {
      this.#complete(pending, null, error);
      return;
    }
    const waitMs = Math.min(backoffMs * 2 ** (pending.attempts - 1), MAX_BACKOFF_MS);
    pending.timer = this.#after(waitMs, () => this.#call(pending));
  }

  #complete(pending: Pending, response: Uint8Array | null, error: Error | null): void {
    pending.call = null;
    pending.timer = null;
    pending.response = response;
    pending.error = error;
    this.#inFlight -= 1;
    this.#segments.onDone(pending);
    this.#flush();
    this.#begin();
  }

  /** The row goes on: with its response, as a failed one, or never. */
  #release(pending: Pending): void {
    const row = this.#rowOf(pending);
    const out = present(this.#out, "output");
    if (pending.error === null) this.#function.onResponse(row, present(pending.response, "response"), out.rows);
    else this.#giveUp(row, pending, pending.error);
    out.flushIfFull();
    this.#sides.flushIfFull();
    this.#heap.free(pending.row);
  }

  #giveUp(row: Row, { attempts }: Pending, error: Error): void {
    const { failed, endpoint } = this.#settings;
    if (failed === null) {
      throw new FaultlineError("job-failed", `${attempts} attempts to call ${endpoint} failed: ${error.message}`, {
        hint: "raise retries or timeoutMs, or give a side output for failed rows",
        cause: error,
      });
    }
    const out = this.#sides.collector(failed);
    out.addRow(row.eventTimeMs, row.kind);
    for (let field = 0; field < this.#inputFields; field++) out.copy(field, row, field);
    out.setText(this.#inputFields, error.message);
  }

  #forwardWatermark(timeMs: number): void {
    this.#flush();
    this.#forward(timeMs);
  }

  #flush(): void {
    present(this.#out, "output").flush();
    this.#sides.flush();
  }

  #rowOf({ row }: Pending): Row {
    this.#row.bind(this.#heap.read(row));
    this.#row.moveTo(0);
    return this.#row;
  }

  #after(delayMs: number, callback: () => void): Timer {
    return present(this.#context?.after, "timers")(delayMs * 1000, callback);
  }
}
