import type { Frame } from "./frame.ts";

/** Way of frames to one other worker, or to a task of the same one. Never calls back from inside `send`. */
export interface FrameLink {
  /** false: more than the network's bound is buffered; forward frames wait (who owns the link says when it is true again). */
  readonly writable: boolean;
  /** Sends one frame; the payload must not change afterwards. Frames without elements may be sent at any time. */
  send(frame: Frame): void;
}
