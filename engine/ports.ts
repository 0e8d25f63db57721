/**
 * The world as the engine's core sees it. The core (everything in `engine/` but `shell/` and `simulation/`) touches nothing else:
 * no promises, timers, clocks, files or sockets of its own. `shell/` binds these to the machine, `simulation/` to one seeded
 * event queue. All callbacks arrive on the core's one thread, never from inside the call that asked for them.
 */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: RandomSource;
  readonly network: Network;
  readonly log: Log;
  readonly store: CheckpointStore;
  /** Beside the store, this process's own: what it writes here survives as long as the process. Absent: no local copies. */
  readonly localStore?: CheckpointStore;
  readonly election: Election;
  readonly processes: Processes;
  readonly journal: Journal;
  /** Absent: jobs that call out or read files cannot run here. */
  readonly callOut?: CallOut;
  readonly files?: Files;
}

export interface Clock {
  /** Monotonic time, integer µs. */
  nowUs(): number;
  /** What to add to get µs since the epoch; fixed while the process lives. Absent: time is virtual and began at the epoch. */
  readonly epochOffsetUs?: number;
}

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Calls back once, at the earliest `delayUs` from now. */
  after(delayUs: number, callback: () => void): Timer;
  /** Calls back as soon as what is already waiting has been handled. */
  soon(callback: () => void): void;
}

export interface RandomSource {
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/** Where the core says what happened: one structured line an event. Never on the path of a record. */
export interface Journal {
  write(event: string, facts: Readonly<Record<string, unknown>>): void;
}

// --- network: ordered, reliable messages over connections that can break ---

export interface Network {
  /** Address under which others reach this process (`host:port`). */
  readonly address: string;
  /** Sets who handles incoming connections; called once, before the core waits for anything. */
  accept(handler: (connection: Connection) => ConnectionHandler): void;
  /** Opens a connection; messages may be sent at once, `onClosed` tells when it could not be made. */
  connect(address: string, handler: ConnectionHandler): Connection;
}

export interface Connection {
  readonly peer: string;
  /**
   * Sends one message = `header` ++ `payload`. The bytes belong to the network from now on and must not change.
   * Returns false when more than the network's bound is buffered: send no more until `onDrain`, except control messages.
   */
  send(header: Uint8Array, payload: Uint8Array | null): boolean;
  close(): void;
}

export interface ConnectionHandler {
  /** One whole message. The bytes belong to the receiver and are never changed or reused. */
  onMessage(message: Uint8Array): void;
  onDrain(): void;
  /** The connection is gone (`error`) or was closed by the peer (null). Nothing follows. Not called after own `close()`. */
  onClosed(error: Error | null): void;
}

// --- log: partitioned, replayable, appended in order (Kafka, or a generator, or memory) ---

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
  /** `isolation`: `uncommitted` unless given. */
  openReader(
    address: LogAddress,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    isolation?: Isolation,
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
}

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

// --- the world around a job: requests to services, tables in files ---

export interface CallOut {
  /**
   * Sends `request` to `endpoint`. `done` is called once, never from inside this call, with the response or what went wrong. The request's
   * bytes belong to the port; those of the response to the caller. Whoever does not want to wait any longer cancels; then `done` is not called.
   */
  call(endpoint: string, request: Uint8Array, done: (error: Error | null, response: Uint8Array | null) => void): Timer;
}

export interface Files {
  /** The whole file, at once: for tables that an operator loads before it starts. Throws when it is larger than `maxBytes` or not there. */
  read(path: string, maxBytes: number): Uint8Array;
}

// --- checkpoints, leadership, processes ---

/** Paths are relative, parts divided by `/`; folders come and go with what is in them. */
export interface CheckpointStore {
  /** Writes atomically and durably; `done(null)` only when the bytes survive a crash. */
  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void;
  /** `snapshot-missing` when there is no such file. */
  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void;
  /** Removes a file, or a folder with all that is in it; no error when there is none. */
  remove(path: string, done: (error: Error | null) => void): void;
  /** Names of the files and folders right in a folder, sorted; empty when there is none. */
  list(path: string, done: (error: Error | null, names: readonly string[] | null) => void): void;
}

export interface Election {
  /** Stands for leadership of `group` under the name `candidate`. */
  join(group: string, candidate: string, handler: ElectionHandler): { leave(): void };
}

export interface ElectionHandler {
  /** Leader from now on; `epoch` is the fencing token and only grows. */
  onElected(epoch: number): void;
  /** No longer leader, or no longer sure (session lost, outcome unknown): stop acting as one. */
  onDeposed(): void;
}

export interface Processes {
  /** Ends this process as a crash would, after the journal is written. */
  abort(reason: Error): void;
  /** Ends this process in good order. */
  exit(): void;
}
