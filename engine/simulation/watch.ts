import type { Producer } from "./transactions.ts";

/** Who is told what happens in a simulated world, to check it or to count it; may not change it. */
export interface WorldWatch {
  /** A control message has been handed to `to`. */
  onControl?(from: string, to: string, text: string): void;
  /** A file is in the store, as it was meant to be: `bytes` are not torn. */
  onStored?(path: string, bytes: Uint8Array): void;
  /** The log has made a transaction with records visible. `isRestored`: asked for by a sink that found it in its snapshot. */
  onCommitted?(transaction: Producer, isRestored: boolean): void;
  /** The log has refused a producer that is no longer the holder of its id. */
  onFenced?(id: string): void;
  /** A process has found a file in its own store. */
  onLocalRead?(process: string, path: string): void;
  /** The log has taken a record of the process, outside of transactions. */
  onAppended?(process: string, topic: string, partition: number, value: Uint8Array): void;
  /** The process has been told that so many of its records are in the log. */
  onAcknowledged?(process: string, topic: string, partition: number, count: number): void;
  /** The process has been given what the log holds before `nextOffset`. */
  onRead?(process: string, topic: string, partition: number, nextOffset: number): void;
  /** A process has died, or ended. */
  onEnd?(process: string): void;
  /** Undelivered bytes of frames on one connection, after a frame was sent. */
  onBuffered?(bytes: number): void;
}
