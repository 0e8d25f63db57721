import type { LogRecords } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";

/**
 * Turns the records of a log into column batches. One per source task; may reuse its columns from call to call.
 * The seam that a columnar SIMD decoder fills.
 */
export interface RecordDecoder {
  /**
   * Decodes all records of `records` in order, handing batches of at most `maxBatchRows` rows to `emit`. Rows that the job does
   * not read need not be emitted, but their event time counts. Returns the largest event time seen (ms), −Infinity for none.
   */
  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number;
  /** Records that could not be decoded so far; they are dropped and counted, never silently. */
  readonly undecodable: number;
}

/** Turns rows into the bytes of log records. One per sink task. */
export interface RowEncoder {
  /** Most bytes that row `row` (physical index) of `batch` can take. */
  maxBytes(batch: ColumnBatch, row: number): number;
  /** Writes the row's record at `target[at]`; returns the new end. */
  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number;
  /**
   * Writes many rows in one go: those of `batch.selection` from index `first` on, as many as it has room for. null: it cannot, or it
   * is not worth it; `encode` does. What is returned is valid until the next call of any encoder.
   */
  encodeRows?(batch: ColumnBatch, first: number): EncodedRows | null;
}

/** Encoded rows one behind the other: row i ends at `bytes[start + ends[i]]`. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly ends: Int32Array;
  readonly count: number;
}
