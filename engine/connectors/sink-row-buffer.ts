import { assert } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";

/** Bytes of one encoded row at a time; the buffer grows to the largest row and stays. */
export class SinkRowBuffer {
  readonly #encoder: RowEncoder;
  bytes: Uint8Array = new Uint8Array(1024);

  constructor(encoder: RowEncoder) {
    this.#encoder = encoder;
  }

  /** Encodes the row into `bytes[0, end)` and returns `end`. */
  encode(batch: ColumnBatch, row: number): number {
    const bound = this.#encoder.maxBytes(batch, row);
    if (bound > this.bytes.length) this.bytes = new Uint8Array(Math.max(bound, this.bytes.length * 2));
    const end = this.#encoder.encode(batch, row, this.bytes, 0);
    assert(end <= bound, "the encoder wrote more than it said", { end, bound });
    return end;
  }
}
