import type { Log } from "./log-port.ts";

export type * from "./log-port.ts";

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
  /** Beside the store, this process's own: what it keeps here survives as long as the process. Absent: no local copies. */
  readonly localStore?: LocalStore;
  /** Absent: nobody can be elected here. */
  readonly election?: Election;
  readonly processes: Processes;
  readonly journal: Journal;
  /** Absent: jobs that call out or read files cannot run here. */
  readonly callOut?: CallOut;
  readonly files?: Files;
  /** Absent: what waits has to fit into memory. */
  readonly scratch?: ScratchFiles;
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

// --- what does not fit into memory ---

/** Files of this process that nobody needs once it has ended, however it ends: they go with it. */
export interface ScratchFiles {
  /** A new, empty one; what keeps it from being made is told by its first `append`. */
  create(): ScratchFile;
}

export interface ScratchFile {
  /** Writes behind what was given before; `done(null)` when it can be read. The bytes must not change. */
  append(bytes: Uint8Array, done: (error: Error | null) => void): void;
  /** `length` bytes from `offset` on, whose `append` is done. The bytes belong to the caller. */
  read(offset: number, length: number, done: (error: Error | null, bytes: Uint8Array | null) => void): void;
  /** Gives its space back; what is under way is not called back any more. */
  remove(): void;
}

// --- checkpoints, leadership, processes ---

/** Paths are relative, parts divided by `/`; folders come and go with what is in them. */
export interface CheckpointStore {
  /** Writes atomically and durably; `done(null)` only when the bytes survive a crash. */
  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void;
  /** As `write`, for content that is never in memory as a whole: the file is there when it is finished. */
  create(path: string): StoreFile;
  /** `snapshot-missing` when there is no such file. */
  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void;
  /** Removes a file, or a folder with all that is in it; no error when there is none. */
  remove(path: string, done: (error: Error | null) => void): void;
  /** Names of the files and folders right in a folder, sorted; empty when there is none. */
  list(path: string, done: (error: Error | null, names: readonly string[] | null) => void): void;
}

/** A file of the store that is being written. Ended once: by `finish` after everything was taken, or by `abandon` at any time. */
export interface StoreFile {
  /** Adds pieces behind what was added before. `taken`: the bytes may change. That it has failed is told by `finish`. */
  append(pieces: readonly Uint8Array[], taken: () => void): void;
  /** As `done` of `CheckpointStore.write`. */
  finish(done: (error: Error | null) => void): void;
  /** Nothing of it stays. */
  abandon(): void;
}

/** A process's copies of files of the store, under the same paths; `read` and `remove` as there. */
export interface LocalStore extends Pick<CheckpointStore, "read" | "remove"> {
  /** Keeps what the store has at `path`. */
  keep(path: string, done: (error: Error | null) => void): void;
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
