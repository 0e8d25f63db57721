import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Element } from "../task/element.ts";

/**
 * What a merge gives next.
 * - `element`: the next slice of a channel. A policy may deliver part of a records element and keep the rest. Every
 *   element offered comes out, barriers too (the receiver counts them as processed and has nothing else to do with them).
 * - `barrier`: the snapshot of `checkpointId` is due now: all that was given belongs to its past, nothing else.
 * - `forward`: heartbeat `heartbeat` goes downstream now (replicated jobs only); flagged after the `barrier` of the same id.
 */
export type MergeEvent =
  | { readonly kind: "element"; readonly channel: number; readonly element: Element }
  | { readonly kind: "barrier"; readonly checkpointId: number }
  | { readonly kind: "forward"; readonly heartbeat: number; readonly checkpointId: number | null };

/** `same`: of the attempt that the snapshot is of, whose senders go on. `next`: of a new one, in which all begin again from a checkpoint. */
export type RestoringAttempt = "same" | "next";

/**
 * Order of delivery over a task's logical channels 0 … n − 1. Fed with de-duplicated elements in channel order; gives slices.
 * Pure: its output is a function of the calls. Its queues are bounded by the credit that the gate grants.
 */
export interface Merge {
  /** Appends `element` to the queue of `channel`. */
  offer(channel: number, element: Element): void;
  /** Removes and returns what is to be processed next; null when nothing may be delivered yet. */
  next(): MergeEvent | null;
  /**
   * The channel may take more than its bound, because otherwise what the merge waits for might never come. `putBy`: the latest heartbeat
   * (infinite: the end) among what has come on it and is offered later; 0: none.
   */
  mayExceed(channel: number, putBy?: number): boolean;
  /** Channels whose queued elements may not be delivered now (alignment, turn of another channel). For counters and tests. */
  blockedChannels(): readonly number[];
  /** Bytes that have waited so that channels show the latest barrier together. */
  readonly alignmentBytes: number;
  /** Elements queued, all channels. */
  readonly queued: number;
  /** Position of the merge. Queued elements are not part of it: senders send them again. */
  snapshot(writer: SnapshotWriter): void;
  /** Before the first offer. */
  restore(reader: SnapshotReader, attempt: RestoringAttempt): void;
}
