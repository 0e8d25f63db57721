import { assert } from "../../base/assert.ts";
import type { LogCursor, LogRecords } from "../ports.ts";

/** Values of consecutive records: value i is `bytes[offsets[i], offsets[i + 1])`. Valid until the supplier's next call. */
export interface RecordValues {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** `count + 1` positions, ascending. */
  readonly offsets: Int32Array;
}

/** A log that is computed instead of stored: how generators get into jobs that run without Kafka. Deterministic. */
export interface LogSourceSupplier {
  readonly partitions: number;
  /** Records of the partition in all; their offsets are 0 … this − 1. */
  endOffset(partition: number): number;
  /** Values from `offset` on, at least one and at most `maxRecords`; not called at or past the end. */
  read(partition: number, offset: number, maxRecords: number): RecordValues;
}

/** `RecordValues` as the records of a log. `timestampMs` of every record is 0. */
export class SuppliedRecords implements LogRecords {
  readonly partition: number;
  readonly baseOffset: number;
  readonly #values: RecordValues;

  constructor(partition: number, baseOffset: number, values: RecordValues) {
    assert(values.count >= 1 && values.offsets.length > values.count, "a supplier gives at least one record");
    this.partition = partition;
    this.baseOffset = baseOffset;
    this.#values = values;
  }

  get recordCount(): number {
    return this.#values.count;
  }

  get nextOffset(): number {
    return this.baseOffset + this.#values.count;
  }

  get bytes(): Uint8Array {
    return this.#values.bytes;
  }

  walk(): LogCursor {
    return new SuppliedCursor(this.baseOffset, this.#values);
  }
}

class SuppliedCursor implements LogCursor {
  readonly timestampMs = 0;
  readonly #baseOffset: number;
  readonly #values: RecordValues;
  #index = -1;

  constructor(baseOffset: number, values: RecordValues) {
    this.#baseOffset = baseOffset;
    this.#values = values;
  }

  next(): boolean {
    this.#index++;
    return this.#index < this.#values.count;
  }

  get offset(): number {
    return this.#baseOffset + this.#index;
  }

  get valueStart(): number {
    return this.#values.offsets[this.#index]!;
  }

  get valueEnd(): number {
    return this.#values.offsets[this.#index + 1]!;
  }
}
