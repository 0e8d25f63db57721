/**
 * One record batch of a fetch response, in place. Valid only during `onBatch`: the bytes are reused for the next response,
 * and the object itself for the next batch. Copy what must live longer, or call `retain`.
 */
export interface RecordBatchView {
  readonly partition: number;
  /** Offset of the first record that `walk` gives. */
  readonly baseOffset: number;
  /** Number of records that `walk` gives. */
  readonly recordCount: number;
  /** Offset where the next batch begins at the earliest; later than the last record's successor where the log has gaps. */
  readonly nextOffset: number;
  /** What all positions of the cursor index. Much more than this batch: do not keep. */
  readonly bytes: Uint8Array;
  /** Offset after the last record that readers of this isolation may see, as of this response. */
  readonly highWatermark: number;
  /** A cursor before the first record. The same object every time: one walk at a time per view. */
  walk(): RecordCursor;
  /** A copy that stays valid. */
  retain(): RecordBatchView;
}

/** Walks the records of a batch without allocating. Positions index `bytes` of the view; read them after `next()` returned true. */
export interface RecordCursor {
  /** Moves to the next record; false after the last one. Throws `kafka-corrupt` when the records do not fit their batch. */
  next(): boolean;
  readonly offset: number;
  /** CreateTime or LogAppendTime, as the topic is configured; epoch milliseconds. */
  readonly timestampMs: number;
  /** −1 for a null key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** −1 for a null value. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The header section, its count included, as `readHeaders` reads it. */
  readonly headersStart: number;
  readonly headersEnd: number;
}
