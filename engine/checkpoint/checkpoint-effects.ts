import type { AbortFate, CheckpointReport } from "../cluster/checkpoint-facts.ts";
import type { Failure } from "../cluster/messages.ts";

export interface CheckpointOrder {
  readonly checkpointId: number;
  readonly folder: string;
  readonly atUs: number;
  readonly last: boolean;
}

/** What a checkpoint coordinator does to its job. */
export interface CheckpointEffects {
  /** To all tasks' workers: sources send the barrier. */
  trigger(order: CheckpointOrder): void;
  complete(checkpointId: number): void;
  /** Called again when the fate of one whose metadata were on their way is known. */
  abort(checkpointId: number, fate: AbortFate): void;
  phase(checkpointId: number, phase: "triggered" | "acknowledged" | "completed" | "aborted"): void;
  /** Once for each that was triggered. */
  report(report: CheckpointReport): void;
  /** More checkpoints have failed in a row than the settings tolerate. */
  fail(failure: Failure): void;
}
