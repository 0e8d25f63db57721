import { assert } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";

/** Takes an encoded row, `bytes[start, end)`; `row` is its physical index. The bytes are valid during the call. */
export type TakeRow = (bytes: Uint8Array, start: number, end: number, row: number) => void;

/** Encodes the rows of batches: many at once where the encoder can, one at a time otherwise, in a buffer that grows to the largest row. */
export class SinkRowBuffer {
  readonly #encoder: RowEncoder;
  #bytes: Uint8Array = new Uint8Array(1024);

  constructor(encoder: RowEncoder) {
    this.#encoder = encoder;
  }

  /** Encodes all rows of the batch, in order. */
  encode(batch: ColumnBatch, take: TakeRow): void {
    const { selection, selectedCount } = batch;
    let many = true;
    for (let index = 0; index < selectedCount; ) {
      const encoded = many ? (this.#encoder.encodeRows?.(batch, index) ?? null) : null;
      if (encoded === null) {
        // What stands in the way is the batch: asking again for each row would look at all the others each time.
        many = false;
        this.#encodeOne(batch, selection[index++]!, take);
      } else {
        const { bytes, start, ends, count } = encoded;
        assert(count > 0, "an encoder that can encode rows encodes some");
        let at = start;
        for (let i = 0; i < count; i++) {
          const end = start + ends[i]!;
          take(bytes, at, end, selection[index + i]!);
          at = end;
        }
        index += count;
      }
    }
  }

  #encodeOne(batch: ColumnBatch, row: number, take: TakeRow): void {
    const bound = this.#encoder.maxBytes(batch, row);
    if (bound > this.#bytes.length) this.#bytes = new Uint8Array(Math.max(bound, this.#bytes.length * 2));
    const end = this.#encoder.encode(batch, row, this.#bytes, 0);
    assert(end <= bound, "the encoder wrote more than it said", { end, bound });
    take(this.#bytes, 0, end, row);
  }
}
