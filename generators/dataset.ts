/**
 * The seam between what enters a run and everybody who needs it: the feeder (bytes and due times), the oracle (objects), the
 * engine's generator source (either) and the verifier. A data set is fixed by its options; pacing is not part of it.
 */
export interface DataSet<E> {
  readonly name: string;
  /** How many events there are, closing records not counted. */
  readonly events: number;
  readonly partitions: number;
  /** The rule event → partition, for reports. */
  readonly partitionRule: string;
  /** How wire values are written; absent: JSON. */
  readonly format?: WireFormatName;
  /** All events of an auction are in one partition. */
  readonly keepsAuctionsTogether?: boolean;
  /** A cursor before event `firstIndex` (default 0). */
  open(firstIndex?: number): EventCursor<E>;
  /** Event time of the closing records, epoch ms: past every window's end plus any watermark delay. */
  readonly closingTimeMs: number;
  /** Wire value of the record that every partition ends with. */
  closingRecord(): Uint8Array;
}

/** Walks a data set in index order. The properties and methods speak of the event reached by the last `advance`. */
export interface EventCursor<E> {
  /** Moves to the next event; false at the end. */
  advance(): boolean;
  readonly index: number;
  readonly partition: number;
  /** Epoch ms. */
  readonly eventTimeMs: number;
  /** Room that `writeWire` needs behind `at`; more than any event's length. */
  readonly maxWireBytes: number;
  /** An array of `bytes` that `writeWire` fills quickest; asked for once, before the first `advance`. Absent: any array does as well. */
  makeRoom?(bytes: number): Uint8Array;
  /** Writes the wire value at `at` and returns its end. May scribble up to `at + maxWireBytes`. */
  writeWire(target: Uint8Array, at: number): number;
  /** The event as an object of its own. */
  event(): E;
}

/** How events and output rows are written (docs/queries.md, "Formats"). */
export const WIRE_FORMATS = ["json", "binary"] as const;
export type WireFormatName = (typeof WIRE_FORMATS)[number];

/** How events are spread over partitions. */
export const PARTITION_RULES = ["roundRobin", "auction"] as const;
export type PartitionRule = (typeof PARTITION_RULES)[number];

const DAY_MS = 86_400_000;

/** The closing record of a data set whose last window ends before `latestTimeMs` + 1 day (nexmark-queries, section 8). */
export function closingTimeAfter(latestTimeMs: number): number {
  return latestTimeMs + DAY_MS;
}
