import type { RecordDecoder, RowEncoder } from "../../../engine/connectors/format.ts";
import type { LogSourceSupplier } from "../../../engine/connectors/source-supplier.ts";
import type { LogRecords } from "../../../engine/ports.ts";
import type { ColumnBatch, NumberColumn } from "../../../engine/rows/batch.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";

/** Rows of the tests: a key, a value and an event time, each an f64 in a record of 24 bytes. */
export const TINY = new RowSchema([
  { name: "key", type: "i64" },
  { name: "value", type: "i64" },
  { name: "time", type: "timestamp" },
]);

export interface TinyRow {
  readonly key: number;
  readonly value: number;
  readonly time: number;
}

export function tinyBatch(rows: readonly TinyRow[]): ColumnBatch {
  const column = (pick: (row: TinyRow) => number): NumberColumn => {
    return { kind: "number", values: Float64Array.from(rows, pick), nulls: null };
  };
  return {
    schema: TINY,
    columns: [column((row) => row.key), column((row) => row.value), column((row) => row.time)],
    eventTimes: Float64Array.from(rows, (row) => row.time),
    kinds: new Uint8Array(rows.length),
    selection: Int32Array.from(rows, (_, index) => index),
    selectedCount: rows.length,
  };
}

export function tinyRows(batch: ColumnBatch): TinyRow[] {
  const [keys, values, times] = batch.columns.map((column) => (column as NumberColumn).values);
  return Array.from(batch.selection.subarray(0, batch.selectedCount), (row) => {
    return { key: keys![row]!, value: values![row]!, time: times![row]! };
  });
}

export function tinyBytes(row: TinyRow): Uint8Array {
  return new Uint8Array(Float64Array.of(row.key, row.value, row.time).buffer);
}

export function readTiny(bytes: Uint8Array): TinyRow {
  const [key, value, time] = new Float64Array(bytes.slice().buffer);
  return { key: key!, value: value!, time: time! };
}

/** Decodes records of 24 bytes; others are undecodable. */
export class TinyDecoder implements RecordDecoder {
  undecodable = 0;
  readonly #maxBatchRows: number;

  constructor(maxBatchRows: number) {
    this.#maxBatchRows = maxBatchRows;
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    const rows: TinyRow[] = [];
    for (const cursor = records.walk(); cursor.next(); ) {
      if (cursor.valueEnd - cursor.valueStart !== 24) this.undecodable++;
      else rows.push(readTiny(records.bytes.subarray(cursor.valueStart, cursor.valueEnd)));
    }
    for (let at = 0; at < rows.length; at += this.#maxBatchRows) {
      emit(tinyBatch(rows.slice(at, at + this.#maxBatchRows)));
    }
    return rows.reduce((latest, row) => Math.max(latest, row.time), Number.NEGATIVE_INFINITY);
  }
}

export class TinyEncoder implements RowEncoder {
  maxBytes(): number {
    return 24;
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    const view = new DataView(target.buffer, target.byteOffset);
    batch.columns.forEach((column, index) => {
      view.setFloat64(at + index * 8, (column as NumberColumn).values[row]!, true);
    });
    return at + 24;
  }
}

/** `perPartition` rows a partition: key = number mod `keys`, value = number, time = number, partition by partition disjoint. */
export function tinySupplier(partitions: number, perPartition: number, keys: number): LogSourceSupplier {
  return {
    partitions,
    endOffset: () => perPartition,
    read: (partition, offset, maxRecords) => {
      const count = Math.min(maxRecords, perPartition - offset);
      const bytes = new Float64Array(count * 3);
      const offsets = new Int32Array(count + 1);
      for (let index = 0; index < count; index++) {
        const number = (offset + index) * partitions + partition;
        bytes.set([number % keys, number, number], index * 3);
        offsets[index + 1] = (index + 1) * 24;
      }
      return { bytes: new Uint8Array(bytes.buffer), count, offsets };
    },
  };
}
