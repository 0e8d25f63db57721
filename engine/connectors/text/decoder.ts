import type { LogRecords } from "../../ports.ts";
import type { ColumnBatch } from "../../rows/batch.ts";
import { BatchBuilder } from "../../rows/batch-builder.ts";
import { RowSchema } from "../../rows/schema.ts";
import type { RecordDecoder } from "../format.ts";

const TEXT = new RowSchema([{ name: "line", type: "string" }]);

/**
 * Schema and decoder of a source of plain text: each record is one row, its value the column `line`, its timestamp the event time. Records
 * that are not UTF-8 are undecodable. For text that people type, not for the hot path.
 */
export function textSource(): {
  readonly schema: RowSchema;
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
} {
  return { schema: TEXT, decoder: (maxBatchRows) => new TextRecords(maxBatchRows) };
}

class TextRecords implements RecordDecoder {
  undecodable = 0;
  readonly #rows = new BatchBuilder(TEXT);
  readonly #maxBatchRows: number;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(maxBatchRows: number) {
    this.#maxBatchRows = maxBatchRows;
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    let latestMs = Number.NEGATIVE_INFINITY;
    for (const cursor = records.walk(); cursor.next(); ) {
      const { valueStart, valueEnd, timestampMs } = cursor;
      latestMs = Math.max(latestMs, timestampMs);
      const text = valueStart < 0 ? null : this.#text(records.bytes.subarray(valueStart, valueEnd));
      if (text === null) this.undecodable += 1;
      else {
        this.#rows.addRow(timestampMs);
        this.#rows.setText(0, text);
      }
      if (this.#rows.rowCount >= this.#maxBatchRows) this.#flush(emit);
    }
    this.#flush(emit);
    return latestMs;
  }

  #text(value: Uint8Array): string | null {
    try {
      return this.#utf8.decode(value);
    } catch (error) {
      if (error instanceof TypeError) return null; // not UTF-8: counted
      throw error;
    }
  }

  #flush(emit: (batch: ColumnBatch) => void): void {
    if (this.#rows.rowCount > 0) emit(this.#rows);
    this.#rows.clear();
  }
}
