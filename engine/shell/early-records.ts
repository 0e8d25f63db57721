import { assert } from "../../base/assert.ts";
import type { ProducerMember } from "./topic-producer.ts";

/** A record appended before its producer was there, copied. */
export interface EarlyRecord {
  readonly member: ProducerMember;
  readonly partition: number;
  readonly timestampMs: number;
  readonly value: Uint8Array;
}

/** What is appended while a producer is still being made, within the bound that the producer will have. */
export class EarlyRecords {
  readonly #maxBytes: number;
  #records: EarlyRecord[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** false: taken, but above the bound. */
  add(record: EarlyRecord): boolean {
    this.#records.push(record);
    this.#bytes += record.value.length;
    assert(this.#bytes <= 2 * this.#maxBytes, "append must stop when it returned false", { bytes: this.#bytes });
    return this.#bytes <= this.#maxBytes;
  }

  /** All of them, in order; none is kept. */
  take(): readonly EarlyRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return records;
  }
}
