import { SuppliedRecords } from "../../../engine/connectors/source-supplier.ts";
import type { Log, LogReaderHandler, LogWriterHandler } from "../../../engine/ports.ts";
import { NO_TRANSACTIONS } from "../connectors/no-transactions.ts";

/** A log of one partition in memory; what is appended reaches readers when the test delivers it. */
export class MemoryLog implements Log {
  readonly values: Uint8Array[] = [];
  readonly #readers: { readonly handler: LogReaderHandler; at: number; closed: boolean }[] = [];
  readonly writers: LogWriterHandler[] = [];
  /** Values that a writer takes before it wants to be drained. */
  room = Number.POSITIVE_INFINITY;
  readonly openTransactionalWriter = NO_TRANSACTIONS.openTransactionalWriter;
  readonly commitPrepared = NO_TRANSACTIONS.commitPrepared;
  readonly truncate = NO_TRANSACTIONS.truncate;

  openReader(_address: unknown, _from: unknown, handler: LogReaderHandler) {
    const reader = { handler, at: 0, closed: false };
    this.#readers.push(reader);
    const close = () => {
      reader.closed = true;
    };
    return { pause: () => {}, resume: () => {}, hold: () => {}, endOffsets: () => {}, close };
  }

  openWriter(_address: unknown, _partitions: unknown, handler: LogWriterHandler) {
    this.writers.push(handler);
    return {
      append: (_partition: number, _timestampMs: number, value: Uint8Array, start: number, end: number) => {
        this.values.push(value.slice(start, end));
        return this.values.length < this.room;
      },
      kick: () => {},
      close: () => {},
    };
  }

  /** Hands every reader what it has not had. */
  deliver(): void {
    for (const reader of this.#readers) {
      for (; reader.at < this.values.length && !reader.closed; reader.at++) {
        const bytes = this.values[reader.at]!;
        const values = { bytes, count: 1, offsets: Int32Array.of(0, bytes.length) };
        reader.handler.onRecords(new SuppliedRecords(0, reader.at, values));
      }
    }
  }
}
