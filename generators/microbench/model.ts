/** What the microbenchmarks read. */
export interface MicrobenchEvent {
  /** Which stream it comes from: 1, 2 or 3. */
  readonly source: number;
  /** Its index there. */
  readonly sequence: number;
  /** 0 … keys − 1. */
  readonly key: number;
  /** When it was due, epoch ms. */
  readonly createdAt: number;
  readonly payload: string;
}

/** Names of the streams, as sources and topics have them; a job with n sources reads the first n. */
export const STREAMS = ["events", "second", "third"] as const;
