import type { ColumnBatch } from "../rows/batch.ts";
import type { RowEncoder } from "./format.ts";
import { SinkRowBuffer, type TakeRow } from "./sink-row-buffer.ts";

/** Takes an encoded row, `bytes[start, end)`, which is valid during the call, and the time of its record, ms since the epoch. */
export type TakeRecord = (bytes: Uint8Array, start: number, end: number, timestampMs: number) => void;

/** Makes records of rows, and counts them. A row without an event time, or with one that no record can have, gets time 0. */
export class SinkRecords {
  readonly #buffer: SinkRowBuffer;
  readonly #take: TakeRow;
  #rows = 0;
  #bytes = 0;
  /** Of the batch that is being encoded. */
  #eventTimes: Float64Array = new Float64Array(0);

  constructor(encoder: RowEncoder, take: TakeRecord) {
    this.#buffer = new SinkRowBuffer(encoder);
    this.#take = (bytes, start, end, row) => {
      const timeMs = this.#eventTimes[row]!;
      this.#rows++;
      this.#bytes += end - start;
      take(bytes, start, end, Number.isSafeInteger(timeMs) && timeMs >= 0 ? timeMs : 0);
    };
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  encode(batch: ColumnBatch): void {
    this.#eventTimes = batch.eventTimes;
    this.#buffer.encode(batch, this.#take);
  }
}
