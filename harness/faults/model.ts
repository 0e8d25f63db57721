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

/**
 * One line of `raw/<run>/faults.jsonl`: what was asked for and what really happened. Monotonic µs; null = did not happen before the
 * run's end.
 */
export interface FaultRecord {
  readonly version: 1;
  /** Position in the config's list, from 0. */
  readonly index: number;
  readonly kind: FaultKind;
  /** As written in the config. */
  readonly target: string;
  /** Role and id of the process that was struck. */
  readonly role: string | null;
  readonly pid: number | null;
  readonly requestedUs: number;
  readonly injectedUs: number | null;
  /** When the fault showed from outside: the harness found the process gone, whatever the system had noticed by then. */
  readonly observedUs: number | null;
  /** It had not shown at a look so long before `observedUs`. Absent in older records. */
  readonly observedResolutionUs?: number | null;
  /** When the system noticed, by its own clock (the same machine's). May lie before `observedUs`: connections break first. */
  readonly detectedUs: number | null;
  /** When the system said that its query runs again. */
  readonly recoveredUs: number | null;
  readonly victim: FaultVictim | null;
  /** Input events that the query's sources, all of them, had read at the last look before the fault. Absent in older records. */
  readonly inputRead?: { readonly events: number; readonly beforeMs: number } | null | undefined;
  /** What was seen, in order. */
  readonly evidence: readonly string[];
  /** Why this fault does not count, or null. */
  readonly problem: string | null;
}
