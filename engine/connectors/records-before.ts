import type { LogCursor, LogRecords } from "../ports.ts";

/** The records of `records` that lie before `endOffset`: a log that grows is read to where it ended, not further. */
export class RecordsBefore implements LogRecords {
  readonly partition: number;
  readonly baseOffset: number;
  readonly recordCount: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
  readonly #records: LogRecords;

  /** `endOffset` lies inside the records. */
  constructor(records: LogRecords, endOffset: number) {
    this.partition = records.partition;
    this.baseOffset = records.baseOffset;
    this.nextOffset = endOffset;
    this.bytes = records.bytes;
    this.#records = records;
    let count = 0;
    for (const cursor = this.walk(); cursor.next(); ) count++;
    this.recordCount = count;
  }

  walk(): LogCursor {
    return new CursorBefore(this.#records.walk(), this.nextOffset);
  }
}

class CursorBefore implements LogCursor {
  readonly #cursor: LogCursor;
  readonly #endOffset: number;

  constructor(cursor: LogCursor, endOffset: number) {
    this.#cursor = cursor;
    this.#endOffset = endOffset;
  }

  next(): boolean {
    return this.#cursor.next() && this.#cursor.offset < this.#endOffset;
  }

  get offset(): number {
    return this.#cursor.offset;
  }

  get timestampMs(): number {
    return this.#cursor.timestampMs;
  }

  get valueStart(): number {
    return this.#cursor.valueStart;
  }

  get valueEnd(): number {
    return this.#cursor.valueEnd;
  }
}
