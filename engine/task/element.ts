/**
 * What travels on a logical channel. Elements are numbered from 1 per logical channel, each record counting one, so a `records`
 * element of n rows has the numbers first … first + n − 1. All replicas of a sender number alike.
 */
export type Element = RecordsElement | WatermarkElement | BarrierElement | HeartbeatElement | EndElement;

/** `count` binary rows (`rows/binary.ts`). After trimming an overlap the first `skip` rows of `payload` are not part of it. */
export interface RecordsElement {
  readonly kind: "records";
  /** Number of the first row that is part of the element (the one after the skipped ones). */
  readonly first: number;
  /** Rows that are part of the element. */
  readonly count: number;
  readonly skip: number;
  readonly payload: Uint8Array;
}

export interface WatermarkElement {
  readonly kind: "watermark";
  readonly first: number;
  readonly timeMs: number;
}

export interface BarrierElement {
  readonly kind: "barrier";
  readonly first: number;
  readonly checkpointId: number;
}

/** LiveRobin's heartbeat (replicated jobs only): carries the watermark and, when flagged, a checkpoint's barrier. */
export interface HeartbeatElement {
  readonly kind: "heartbeat";
  readonly first: number;
  readonly heartbeat: number;
  readonly watermarkMs: number;
  readonly checkpointId: number | null;
}

export interface EndElement {
  readonly kind: "end";
  readonly first: number;
}

/** How many numbers the element takes. */
export function elementCount(element: Element): number {
  return element.kind === "records" ? element.count : 1;
}
