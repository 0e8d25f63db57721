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
  /** Undelivered bytes of frames on one connection, after a frame was sent. */
  onBuffered?(bytes: number): void;
}
