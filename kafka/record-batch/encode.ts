import { crc32c } from "@node-rs/crc32";
import { varintLength, writeVarint } from "../wire/varint.ts";
import { writeInt64 } from "../wire/writer.ts";
import { ATTRIBUTE, BATCH, BATCH_LENGTH_OVERHEAD, MAGIC } from "./layout.ts";

/** Attributes, one byte, and the null key of a record. */
const FIXED_RECORD_BYTES = 2;
const FIRST_CAPACITY = 16 * 1024;

/** Who writes a batch: the broker finds copies by these. −1 for a producer without idempotence. */
export interface BatchIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Part of a transaction of this producer; default no. */
  readonly isTransactional?: boolean;
}

/** Builds one record batch (magic 2, uncompressed, CreateTime) in a buffer that grows and can be used again. */
export class BatchBuilder {
  #buffer: Buffer;
  #length: number = BATCH.records;
  #count = 0;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;

  constructor(buffer: Buffer | null = null) {
    this.#buffer = buffer ?? Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, its header included. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the record would add; at most, when the batch is empty (the time difference is then 0). */
  recordLength(timestampMs: number, valueLength: number, headersLength: number): number {
    const body = this.#bodyLength(timestampMs, valueLength, headersLength);
    return varintLength(body) + body;
  }

  #bodyLength(timestampMs: number, valueLength: number, headersLength: number): number {
    const delta = this.#count === 0 ? 0 : timestampMs - this.#baseTimestampMs;
    return (
      FIXED_RECORD_BYTES +
      varintLength(delta) +
      varintLength(this.#count) +
      varintLength(valueLength) +
      valueLength +
      (headersLength === 0 ? 1 : headersLength)
    );
  }

  /** Copies `value[start, end)` in as the next record, with null key. `headers`: a whole header section, or null. */
  append(timestampMs: number, value: Uint8Array, start: number, end: number, headers: Uint8Array | null): void {
    const valueLength = end - start;
    const body = this.#bodyLength(timestampMs, valueLength, headers === null ? 0 : headers.length);
    this.#reserve(body + 8);
    if (this.#count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    } else if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs;
    const target = this.#buffer;
    let at = writeVarint(target, this.#length, body);
    target[at++] = 0;
    at = writeVarint(target, at, timestampMs - this.#baseTimestampMs);
    at = writeVarint(target, at, this.#count);
    target[at++] = 1; // zigzag of −1: no key
    at = writeVarint(target, at, valueLength);
    copyBytes(target, at, value, start, end);
    at += valueLength;
    if (headers === null) target[at++] = 0;
    else {
      copyBytes(target, at, headers, 0, headers.length);
      at += headers.length;
    }
    this.#length = at;
    this.#count += 1;
  }

  /** Writes header and checksum; returns the whole batch as a view of `buffer`. */
  finish(identity: BatchIdentity): Buffer {
    const target = this.#buffer;
    writeInt64(target, BATCH.baseOffset, 0);
    target.writeInt32BE(this.#length - BATCH_LENGTH_OVERHEAD, BATCH.batchLength);
    target.writeInt32BE(-1, BATCH.partitionLeaderEpoch);
    target.writeInt8(MAGIC, BATCH.magic);
    target.writeInt16BE(identity.isTransactional === true ? ATTRIBUTE.transactional : 0, BATCH.attributes);
    target.writeInt32BE(this.#count - 1, BATCH.lastOffsetDelta);
    writeInt64(target, BATCH.baseTimestamp, this.#baseTimestampMs);
    writeInt64(target, BATCH.maxTimestamp, this.#maxTimestampMs);
    writeInt64(target, BATCH.producerId, identity.producerId);
    target.writeInt16BE(identity.producerEpoch, BATCH.producerEpoch);
    target.writeInt32BE(identity.baseSequence, BATCH.baseSequence);
    target.writeInt32BE(this.#count, BATCH.recordCount);
    target.writeUInt32BE(crc32c(target.subarray(BATCH.attributes, this.#length)), BATCH.crc);
    return target.subarray(0, this.#length);
  }

  /** The buffer behind the batch, for use by a later builder once nobody reads this batch any more. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Short copies byte by byte: below about 64 bytes that is cheaper than making a view. */
function copyBytes(target: Buffer, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start < 64) {
    for (let i = start, j = at; i < end; i++, j++) target[j] = source[i]!;
    return;
  }
  if (source instanceof Buffer) source.copy(target, at, start, end);
  else target.set(source.subarray(start, end), at);
}
