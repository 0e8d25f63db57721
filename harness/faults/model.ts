import type { CheckpointEvent } from "../systems/system.ts";
import type { FaultKind } from "./schema.ts";

/** What the victim was doing when it was struck, from the system's own counters. */
export interface FaultVictim {
  /** `vertex/subtask` of every task it ran. */
  readonly tasks: readonly string[];
  /** Records that its tasks had taken in: from these its state is made. */
  readonly recordsIn: number;
  /** Records that they took in over the last `overMs` before: 0 means that nothing flowed through it. */
  readonly recordsJustBefore: number;
  readonly overMs: number;
}

/** Where in the checkpoints a fault struck, by the last one that had been triggered. */
export interface FaultPhase {
  readonly checkpointId: number;
  readonly sinceTriggeredMs: number;
  /** How far that checkpoint had come: `triggered` means that barriers and snapshots were under way. */
  readonly state: CheckpointEvent["phase"];
}

/**
 * One line of `raw/<run>/faults.jsonl`: what was asked for and what really happened, to one process. Monotonic µs; null = did not
 * happen before the run's end. What may be absent is so in older records.
 */
export interface FaultRecord {
  readonly version: 1;
  /** Position among the records of the run, from 0. */
  readonly index: number;
  /** Position in the config's list, from 0. Absent: `index`. */
  readonly fault?: number;
  /** Which strike of this fault it was, from 1: one that strikes several targets or comes again has several records. */
  readonly strike?: number;
  readonly kind: FaultKind;
  /** As written in the config. */
  readonly target: string;
  /** What asked for it: `every 20000 ms`. */
  readonly trigger?: string;
  /** Whom the target meant, where it does not say so itself: `random: worker/2`. */
  readonly found?: string | null;
  /** Role and id of the process that was struck. */
  readonly role: string | null;
  readonly pid: number | null;
  readonly requestedUs: number;
  readonly injectedUs: number | null;
  /** When the fault showed from outside: the harness found the process gone, whatever the system had noticed by then. */
  readonly observedUs: number | null;
  /** It had not shown at a look so long before `observedUs`. */
  readonly observedResolutionUs?: number | null;
  /** How long it was to last; null: it is done once it has struck. */
  readonly durationMs?: number | null;
  /** When it was undone: the process continued, the broker answered again. */
  readonly healedUs?: number | null;
  /** When the system noticed, by its own clock (the same machine's). May lie before `observedUs`: connections break first. */
  readonly detectedUs: number | null;
  /** When the system said that its query runs again. */
  readonly recoveredUs: number | null;
  /** Checkpoint from which it did; null: from none. */
  readonly restoredFrom?: number | null;
  readonly phase?: FaultPhase | null;
  readonly victim: FaultVictim | null;
  /** Input events that the query's sources, all of them, had read at the last look before the fault. */
  readonly inputRead?: { readonly events: number; readonly beforeMs: number } | null | undefined;
  /** What was seen, in order. */
  readonly evidence: readonly string[];
  /** Why this fault does not count, or null. */
  readonly problem: string | null;
}
