import { FaultlineError } from "../../base/errors.ts";
import { VarintReader } from "../wire/varint.ts";
import type { RecordCursor } from "./view.ts";

/** The one implementation of `RecordCursor`; reused for batch after batch. */
export class BatchCursor implements RecordCursor {
  offset = 0;
  timestampMs = 0;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headersStart = 0;
  headersEnd = 0;
  #reader: VarintReader = new VarintReader(new Uint8Array(0));
  #batchEnd = 0;
  #left = 0;
  #baseOffset = 0;
  #baseTimestampMs = 0;
  #appendTimeMs = -1;

  /**
   * Goes before the first record of `bytes[start, end)`. `baseOffset` and `baseTimestampMs` are the batch's;
   * `appendTimeMs` ≥ 0 replaces the time of every record (topics with LogAppendTime).
   */
  reset(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    baseOffset: number,
    baseTimestampMs: number,
    appendTimeMs: number,
  ): void {
    this.#reader.bytes = bytes;
    this.#reader.position = start;
    this.#reader.end = end;
    this.#batchEnd = end;
    this.#left = count;
    this.#baseOffset = baseOffset;
    this.#baseTimestampMs = baseTimestampMs;
    this.#appendTimeMs = appendTimeMs;
  }

  /** Where the next record begins. */
  get position(): number {
    return this.#reader.position;
  }

  next(): boolean {
    const reader = this.#reader;
    if (this.#left <= 0) {
      if (reader.position !== this.#batchEnd) throw this.#corrupt("bytes are left after the last record");
      return false;
    }
    this.#left -= 1;
    reader.end = this.#batchEnd;
    const length = reader.next();
    const end = reader.position + length;
    if (length < 1 || end > this.#batchEnd) throw this.#corrupt("a record does not end inside its batch");
    reader.end = end;
    reader.position += 1; // attributes: unused by the protocol
    const timestampDelta = reader.next();
    this.timestampMs = this.#appendTimeMs >= 0 ? this.#appendTimeMs : this.#baseTimestampMs + timestampDelta;
    this.offset = this.#baseOffset + reader.next();
    const keyLength = reader.next();
    this.keyStart = keyLength < 0 ? -1 : reader.position;
    this.keyEnd = keyLength < 0 ? -1 : reader.position + keyLength;
    if (keyLength > 0) reader.position += keyLength;
    const valueLength = reader.next();
    this.valueStart = valueLength < 0 ? -1 : reader.position;
    this.valueEnd = valueLength < 0 ? -1 : reader.position + valueLength;
    if (valueLength > 0) reader.position += valueLength;
    if (reader.position >= end) throw this.#corrupt("a key or value does not end inside its record");
    this.headersStart = reader.position;
    this.headersEnd = end;
    reader.position = end;
    return true;
  }

  #corrupt(message: string): FaultlineError {
    return new FaultlineError("kafka-corrupt", `corrupt record batch: ${message}`, {
      context: { baseOffset: this.#baseOffset, recordsLeft: this.#left, position: this.#reader.position },
    });
  }
}
