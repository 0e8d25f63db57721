import type { Merge } from "../merge/merge.ts";
import type { Clock } from "../ports.ts";
import type { InputEdge } from "./input-channels.ts";
import type { Overflow } from "./overflow.ts";

/** What an input gate is built of. */
export interface InputGateSettings {
  readonly attempt: number;
  readonly subtask: number;
  readonly edges: readonly InputEdge[];
  readonly windowBytes: number;
  /** What the merge may let channels take beyond their windows. */
  readonly overflow: Overflow;
  readonly merge: (channels: number) => Merge;
  /** Measures how long records wait in the merge; null: that is of no interest. */
  readonly clock: Clock | null;
  /** What the merge's surroundings count. */
  readonly counters: () => Record<string, number>;
  /** What was put by has come back: `next` may have something to give. */
  readonly onReady: () => void;
  readonly fail: (error: unknown) => void;
}
