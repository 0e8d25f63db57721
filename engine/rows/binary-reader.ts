import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { ColumnBatch } from "./batch.ts";
import { type BinaryLayout, binaryLayout, EVENT_TIME_AT, KIND_AT, NULL_BITS_AT, SLOT_BYTES } from "./binary-layout.ts";
import { ReusableBatch } from "./reusable-batch.ts";
import type { RowSchema } from "./schema.ts";

/** Reads rows in binary form (`binary-layout.ts`) back into column batches. */
export class BinaryRowReader {
  readonly #layout: BinaryLayout;
  readonly #batch: ReusableBatch;
  readonly #maxBatchRows: number;
  #payload: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(schema: RowSchema, maxBatchRows: number) {
    assert(maxBatchRows > 0, "maxBatchRows must be positive");
    this.#layout = binaryLayout(schema);
    this.#batch = new ReusableBatch(schema, maxBatchRows);
    this.#maxBatchRows = maxBatchRows;
  }

  /**
   * Hands rows [skip, skip + count) of `payload` to `emit`, in order, in batches of at most `maxBatchRows`. The batches are valid
   * only during `emit`. `assertion-failed` when the payload does not hold that many whole rows.
   */
  decode(payload: Uint8Array, skip: number, count: number, emit: (batch: ColumnBatch) => void): void {
    this.#payload = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    let at = 0;
    for (let i = 0; i < skip; i++) at += this.#rowBytes(at);
    for (let left = count; left > 0; ) {
      const rows = Math.min(left, this.#maxBatchRows);
      at = this.#fill(at, rows);
      emit(this.#batch);
      left -= rows;
    }
  }

  /**
   * The one row that begins at `at` of `payload`, whose view is `view`: physical row 0 of a batch that is valid until the next call.
   * Allocates nothing.
   */
  rowAt(payload: Uint8Array, view: DataView, at: number): ColumnBatch {
    this.#payload = payload;
    this.#view = view;
    this.#fill(at, 1);
    return this.#batch;
  }

  #rowBytes(at: number): number {
    const bytes = at + 4 <= this.#payload.length ? this.#view.getInt32(at, true) : 0;
    if (bytes < this.#layout.fixedBytes || at + bytes > this.#payload.length) throw this.#corrupt(at, "ends elsewhere");
    return bytes;
  }

  #corrupt(at: number, what: string): FaultlineError {
    return new FaultlineError("assertion-failed", `corrupt binary row: ${what}`, {
      context: { at, payloadBytes: this.#payload.length },
    });
  }

  /** Reads `rows` rows from `at` into the batch; returns where they end. */
  #fill(at: number, rows: number): number {
    const batch = this.#batch;
    batch.begin(this.#payload);
    let next = at;
    for (let row = 0; row < rows; row++) {
      const bytes = this.#rowBytes(next);
      this.#readRow(next, bytes, row);
      next += bytes;
    }
    batch.selectedCount = rows;
    return next;
  }

  #readRow(at: number, bytes: number, row: number): void {
    const { fieldCount, slotsAt } = this.#layout;
    const batch = this.#batch;
    const view = this.#view;
    batch.eventTimes[row] = view.getFloat64(at + EVENT_TIME_AT, true);
    batch.kinds[row] = this.#payload[at + KIND_AT]!;
    for (let field = 0; field < fieldCount; field++) {
      const column = batch.columns[field]!;
      const slot = at + slotsAt + field * SLOT_BYTES;
      const isNull = (this.#payload[at + NULL_BITS_AT + (field >> 3)]! & (1 << (field & 7))) !== 0;
      if (isNull) {
        batch.setNull(field, row);
        continue;
      }
      if (column.kind === "number") {
        column.values[row] = view.getFloat64(slot, true);
        continue;
      }
      const offset = view.getInt32(slot, true);
      const length = view.getInt32(slot + 4, true);
      if (offset < 0 || length < 0 || offset + length > bytes) throw this.#corrupt(at, "a string leaves its row");
      column.offsets[row] = at + offset;
      column.lengths[row] = length;
    }
  }
}
