import { crc32c } from "@node-rs/crc32";
import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { BatchCursor } from "./cursor.ts";
import {
  ATTRIBUTE,
  BATCH,
  BATCH_LENGTH_OVERHEAD,
  COMPRESSION_NAMES,
  CONTROL_KEY_BYTES,
  MAGIC,
  MARKER,
} from "./layout.ts";
import type { RecordBatchView, RecordCursor } from "./view.ts";

const TWO_TO_32 = 4294967296;

/** A view over a record batch in a larger buffer; reused for batch after batch. */
export class BatchView implements RecordBatchView {
  partition = 0;
  baseOffset = 0;
  recordCount = 0;
  highWatermark = 0;
  bytes: Buffer = Buffer.alloc(0);
  /** Offset after the batch: where the next one begins at the earliest. */
  nextOffset = 0;
  isControl = false;
  isTransactional = false;
  #end = 0;
  #firstRecord = 0;
  #batchOffset = 0;
  #baseTimestampMs = 0;
  #appendTimeMs = -1;
  readonly #cursor = new BatchCursor();

  /**
   * Points at the batch that begins at `start` and of which bytes up to `limit` are there. Returns the position after it,
   * or −1 when it is not all there (brokers cut the last batch of an answer).
   * Throws `kafka-corrupt` (lengths, counts, and, unless it was checked before, checksum) or `kafka-compressed`.
   */
  load(bytes: Buffer, start: number, limit: number, withChecksum: boolean): number {
    if (limit - start < BATCH.records) return -1;
    const batchLength = bytes.readInt32BE(start + BATCH.batchLength);
    const end = start + BATCH_LENGTH_OVERHEAD + batchLength;
    const magic = bytes[start + BATCH.magic]!;
    const offset = readInt64(bytes, start + BATCH.baseOffset);
    if (magic !== MAGIC || batchLength < BATCH.records - BATCH_LENGTH_OVERHEAD || offset < 0) {
      throw corrupt("its header is not one of format 2", { offset, magic, batchLength });
    }
    if (end > limit) return -1;
    if (
      withChecksum &&
      crc32c(bytes.subarray(start + BATCH.attributes, end)) !== bytes.readUInt32BE(start + BATCH.crc)
    ) {
      throw corrupt("wrong CRC-32C", { offset });
    }
    const attributes = bytes.readInt16BE(start + BATCH.attributes);
    refuseCompressed(attributes, offset);
    this.recordCount = bytes.readInt32BE(start + BATCH.recordCount);
    const lastOffsetDelta = bytes.readInt32BE(start + BATCH.lastOffsetDelta);
    if (this.recordCount < 0 || lastOffsetDelta < this.recordCount - 1) {
      throw corrupt("its counts contradict each other", { offset, recordCount: this.recordCount, lastOffsetDelta });
    }
    this.bytes = bytes;
    this.#end = end;
    this.#firstRecord = start + BATCH.records;
    this.#batchOffset = offset;
    this.baseOffset = offset;
    this.nextOffset = offset + lastOffsetDelta + 1;
    this.isControl = (attributes & ATTRIBUTE.control) !== 0;
    this.isTransactional = (attributes & ATTRIBUTE.transactional) !== 0;
    this.#baseTimestampMs = readInt64(bytes, start + BATCH.baseTimestamp);
    const isAppendTime = (attributes & ATTRIBUTE.logAppendTime) !== 0;
    this.#appendTimeMs = isAppendTime ? readInt64(bytes, start + BATCH.maxTimestamp) : -1;
    return end;
  }

  /** Of the batch just loaded, as also `producerEpoch`. */
  get producerId(): number {
    return readInt64(this.bytes, this.#firstRecord - BATCH.records + BATCH.producerId);
  }

  get producerEpoch(): number {
    return this.bytes.readInt16BE(this.#firstRecord - BATCH.records + BATCH.producerEpoch);
  }

  /** What a control batch says of its producer's transaction; null where it is about something else. */
  marker(): "commit" | "abort" | null {
    const cursor = this.walk();
    if (!this.isControl || !cursor.next() || cursor.keyEnd - cursor.keyStart < CONTROL_KEY_BYTES) return null;
    const type = this.bytes.readInt16BE(cursor.keyStart + 2); // after the version
    return type === MARKER.commit ? "commit" : type === MARKER.abort ? "abort" : null;
  }

  /** Leaves out the records before `offset`: a fetch from the middle of a batch answers the whole batch. */
  skipTo(offset: number): void {
    if (offset <= this.baseOffset) return;
    const cursor = this.#cursor;
    this.walk();
    let skipped = 0;
    let firstRecord = cursor.position;
    while (cursor.next() && cursor.offset < offset) {
      skipped += 1;
      firstRecord = cursor.position;
    }
    this.#firstRecord = firstRecord;
    this.recordCount -= skipped;
    this.baseOffset = offset;
  }

  walk(): RecordCursor {
    this.#cursor.reset(
      this.bytes,
      this.#firstRecord,
      this.#end,
      this.recordCount,
      this.#batchOffset,
      this.#baseTimestampMs,
      this.#appendTimeMs,
    );
    return this.#cursor;
  }

  retain(): RecordBatchView {
    const copy = new BatchView();
    const start = this.#firstRecord;
    copy.bytes = Buffer.from(this.bytes.subarray(start, this.#end));
    copy.#firstRecord = 0;
    copy.#end = this.#end - start;
    copy.#batchOffset = this.#batchOffset;
    copy.#baseTimestampMs = this.#baseTimestampMs;
    copy.#appendTimeMs = this.#appendTimeMs;
    copy.partition = this.partition;
    copy.baseOffset = this.baseOffset;
    copy.recordCount = this.recordCount;
    copy.highWatermark = this.highWatermark;
    copy.nextOffset = this.nextOffset;
    copy.isControl = this.isControl;
    copy.isTransactional = this.isTransactional;
    return copy;
  }
}

function refuseCompressed(attributes: number, offset: number): void {
  const compression = attributes & ATTRIBUTE.compressionMask;
  if (compression === 0) return;
  const name = COMPRESSION_NAMES[compression] ?? `method ${compression}`;
  throw new FaultlineError(
    "kafka-compressed",
    `the topic holds batches compressed with ${name}, which is not supported`,
    {
      hint: "Write the topic uncompressed: compression.type=none (or uncompressed) at the producer and on the topic.",
      context: { offset, compression: name },
    },
  );
}

function corrupt(reason: string, context: Readonly<Record<string, unknown>>): FaultlineError {
  return new FaultlineError("kafka-corrupt", `corrupt record batch: ${reason}`, { context });
}

function readInt64(bytes: Buffer, position: number): number {
  assert(position + 8 <= bytes.length, "64-bit field beyond its buffer");
  return bytes.readInt32BE(position) * TWO_TO_32 + bytes.readUInt32BE(position + 4);
}
