/** The log as the engine's core sees it: partitioned, replayable, appended in order (Kafka, or a generator, or memory). */

export interface LogAddress {
  /** `kafka`, or the name of a log that the harness injects (`generator`, `memory`). */
  readonly kind: string;
  readonly brokers: readonly string[];
  readonly topic: string;
}

export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface Log {
  openReader(
    address: LogAddress,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    reading?: LogReading,
  ): LogReader;
  openWriter(address: LogAddress, partitions: readonly number[], handler: LogWriterHandler): LogWriter;
  /**
   * A writer whose records readers of what is committed see together or not at all. It claims the transactional id: whoever held it
   * before is fenced, what that one left open is aborted. Records may be appended at once; they leave when the id is claimed.
   */
  openTransactionalWriter(
    address: LogAddress,
    partitions: readonly number[],
    transaction: TransactionSettings,
    handler: LogWriterHandler,
  ): TransactionalWriter;
  /**
   * Commits what an earlier holder of the id has prepared; to be done before anybody claims the id again, which would abort it. `done(null)`
   * also when it is committed already, by whomever; `transaction-lost` when it was aborted: its records will never be visible.
   */
  commitPrepared(address: LogAddress, prepared: PreparedTransaction, done: (error: Error | null) => void): void;
  /** Nobody needs the records of the partition before `offset` any more: deletes them; the others keep their offsets. */
  truncate(address: LogAddress, partition: number, offset: number, done: (error: Error | null) => void): void;
}

/** How a log is read. */
export interface LogReading {
  /** Default `uncommitted`. */
  readonly isolation?: Isolation;
  /** Default `exact`. */
  readonly start?: LogStart;
  /** How long to rest between an answer and the next request, ms, unless more is waiting; default 0. */
  readonly restMs?: number;
}

/** Where a reader begins whose first records were deleted: `exact` fails, `kept` begins with those that are left, and says so in `onSkipped`. */
export type LogStart = "exact" | "kept";

/** What a reader is given: all records, or those of committed transactions (and those without one) only. */
export type Isolation = "uncommitted" | "committed";

export interface TransactionSettings {
  /** Transactional id: one holder at a time. */
  readonly id: string;
  /** An open transaction is aborted by the log after so long, ms. */
  readonly timeoutMs: number;
}

/** A transaction whose records are all durable and that waits for its commit. Plain JSON: it goes into snapshots. */
export interface PreparedTransaction {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
  /** Where its first record lies, for whoever must find out how it ended. */
  readonly partition: number;
  readonly firstOffset: number;
}

export interface LogReaderHandler {
  /** Records of one partition, in offset order. The view is valid only during the call. */
  onRecords(records: LogRecords): void;
  /** There is nothing to read before `nextOffset` that was not given (control records, what compaction has taken away). */
  onSkipped(partition: number, nextOffset: number): void;
  onError(error: Error): void;
}

export interface LogReader {
  /** No more `onRecords` until `resume`, but for at most one fetch already under way. */
  pause(): void;
  resume(): void;
  /** Holds one partition, or lets it go on: while held it gives no more than what is already under way. */
  hold(partition: number, held: boolean): void;
  /** Asks for the current end offset (next offset to be written) of each partition of the reader, in its order. */
  endOffsets(answer: (offsets: readonly number[]) => void): void;
  close(): void;
}

export interface LogRecords {
  readonly partition: number;
  readonly baseOffset: number;
  readonly recordCount: number;
  /** Offset where the next records begin at the earliest; beyond the last record's successor where the log has gaps. */
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
  /** A cursor over the records; allocation-free, one at a time. */
  walk(): LogCursor;
}

export interface LogCursor {
  /** Moves to the next record; false at the end. */
  next(): boolean;
  readonly offset: number;
  readonly timestampMs: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface LogWriterHandler {
  /** `count` more records of `partition` are durable, in the order of appending. */
  onAcknowledged(partition: number, count: number): void;
  onDrain(): void;
  onError(error: Error): void;
}

export interface LogWriter {
  /** Copies `value[start, end)`. false: taken, but above the bound; append no more until `onDrain`. */
  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean;
  /** Sends what is pending as soon as a request slot is free. */
  kick(): void;
  close(): void;
}

/** One transaction after the other: it begins with the first record after the end of the one before. */
export interface TransactionalWriter extends LogWriter {
  /** The open transaction, once all its records are acknowledged; null: none is open. An error to ask while some are not. */
  prepared(): PreparedTransaction | null;
  /** Makes the prepared transaction visible; nothing may be appended before `done`. */
  commit(done: (error: Error | null) => void): void;
  /** Takes back what was appended since the last end; nothing may be appended before `done`. */
  abort(done: (error: Error | null) => void): void;
}
