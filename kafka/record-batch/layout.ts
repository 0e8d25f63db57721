/**
 * Byte positions in a record batch of format 2 (Kafka's "Record Batch", magic 2), from its start.
 * The CRC-32C covers everything from `attributes` to the end; `batchLength` counts what follows it.
 */
export const BATCH = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/** What `batchLength` does not count: the base offset and itself. */
export const BATCH_LENGTH_OVERHEAD = 12;

export const MAGIC = 2;

/** Bits of `attributes`. */
export const ATTRIBUTE = { compressionMask: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

export const COMPRESSION_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Key of a control record: version and type, 16 bits each. */
export const CONTROL_KEY_BYTES = 4;

/** Types of control records that end a transaction in a partition. */
export const MARKER = { abort: 0, commit: 1 } as const;
