/** Where a fetcher stands in one partition. */
export interface FetchState {
  readonly partition: number;
  /** Offset of the next record to ask for. */
  offset: number;
  /** Waits for fresh metadata before it is asked for again. */
  isWaiting: boolean;
  /** Is not asked for now. */
  isHeld: boolean;
  /** How long no broker has answered for it, ms; counted only while the fetcher is not paused. */
  silentMs: number;
}

/** A batch of an answer that is checked and not yet delivered. */
export interface FetchedBatch {
  readonly state: FetchState;
  readonly start: number;
  readonly end: number;
  /** Records before this offset are not wanted. */
  readonly fromOffset: number;
  readonly highWatermark: number;
  /** Its records were taken back: they are passed over. */
  readonly isAborted: boolean;
}
