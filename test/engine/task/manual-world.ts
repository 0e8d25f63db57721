import assert from "node:assert/strict";
import { SuppliedRecords } from "../../../engine/connectors/source-supplier.ts";
import type {
  Log,
  LogReader,
  LogReaderHandler,
  LogRecords,
  LogWriter,
  LogWriterHandler,
  Timer,
} from "../../../engine/ports.ts";
import { NO_TRANSACTIONS } from "../connectors/no-transactions.ts";
import { readTiny, type TinyRow, tinyBytes } from "../simulation/tiny-rows.ts";

interface Due {
  readonly atUs: number;
  readonly callback: () => void;
}

/** Clock and timers that a test moves by hand. */
export class ManualTime {
  nowUs = 0;
  #due: Due[] = [];
  readonly clock = { nowUs: () => this.nowUs };
  readonly timers = {
    after: (delayUs: number, callback: () => void): Timer => {
      const due = { atUs: this.nowUs + delayUs, callback };
      this.#due.push(due);
      return { cancel: () => this.#forget(due) };
    },
    soon: (callback: () => void): void => {
      this.#due.push({ atUs: this.nowUs, callback });
    },
  };

  /** Timers that have not fired. */
  get pending(): number {
    return this.#due.length;
  }

  #forget(due: Due): void {
    this.#due = this.#due.filter((other) => other !== due);
  }

  /** Runs everything that is due up to `delayUs` from now, in order. */
  advance(delayUs = 0): void {
    const untilUs = this.nowUs + delayUs;
    for (let steps = 0; steps < 1_000_000; steps++) {
      const next = this.#due.reduce<Due | null>(
        (best, due) => (best === null || due.atUs < best.atUs ? due : best),
        null,
      );
      if (next === null || next.atUs > untilUs) {
        this.nowUs = untilUs;
        return;
      }
      this.#forget(next);
      this.nowUs = Math.max(this.nowUs, next.atUs);
      next.callback();
    }
    throw new Error("manual time does not come to rest");
  }
}

/** A reader that a test feeds. */
export class ManualReader implements LogReader {
  paused = false;
  readonly held = new Set<number>();
  closed = false;
  ends: ((offsets: readonly number[]) => void) | null = null;
  readonly handler: LogReaderHandler;
  readonly from: readonly { readonly partition: number; readonly offset: number }[];

  constructor(from: ManualReader["from"], handler: LogReaderHandler) {
    this.from = from;
    this.handler = handler;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  hold(partition: number, held: boolean): void {
    if (held) this.held.add(partition);
    else this.held.delete(partition);
  }

  endOffsets(answer: (offsets: readonly number[]) => void): void {
    this.ends = answer;
  }

  close(): void {
    this.closed = true;
  }

  give(partition: number, baseOffset: number, rows: readonly TinyRow[]): void {
    this.handler.onRecords(tinyRecords(partition, baseOffset, rows.map(tinyBytes)));
  }
}

export function tinyRecords(partition: number, baseOffset: number, values: readonly Uint8Array[]): LogRecords {
  const offsets = Int32Array.from({ length: values.length + 1 }, (_, index) =>
    values.slice(0, index).reduce((sum, value) => sum + value.length, 0),
  );
  const bytes = new Uint8Array(Buffer.concat(values));
  return new SuppliedRecords(partition, baseOffset, { bytes, count: values.length, offsets });
}

/** A writer that keeps what it gets; full after `room` rows until the test empties it. */
export class ManualWriter implements LogWriter {
  readonly rows: { readonly partition: number; readonly timestampMs: number; readonly row: TinyRow }[] = [];
  kicks = 0;
  closed = false;
  room: number;
  readonly handler: LogWriterHandler;

  constructor(handler: LogWriterHandler, room: number) {
    this.handler = handler;
    this.room = room;
  }

  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    assert.ok(this.rows.length < this.room, "append must stop when it returned false");
    this.rows.push({ partition, timestampMs, row: readTiny(value.subarray(start, end)) });
    return this.rows.length < this.room;
  }

  kick(): void {
    this.kicks++;
  }

  close(): void {
    this.closed = true;
  }
}

export class ManualLog implements Log {
  readonly readers: ManualReader[] = [];
  readonly writers: ManualWriter[] = [];
  room = Number.POSITIVE_INFINITY;
  readonly openTransactionalWriter = NO_TRANSACTIONS.openTransactionalWriter;
  readonly commitPrepared = NO_TRANSACTIONS.commitPrepared;
  readonly truncate = NO_TRANSACTIONS.truncate;

  openReader(_address: unknown, from: ManualReader["from"], handler: LogReaderHandler): LogReader {
    const reader = new ManualReader(from, handler);
    this.readers.push(reader);
    return reader;
  }

  openWriter(_address: unknown, _partitions: unknown, handler: LogWriterHandler): LogWriter {
    const writer = new ManualWriter(handler, this.room);
    this.writers.push(writer);
    return writer;
  }
}
