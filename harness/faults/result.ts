import type { FaultPhase, FaultRecord, FaultVictim } from "./model.ts";
import type { FaultKind } from "./schema.ts";

/** A length of time; `censored`: it was not over before the end of the load, so it is at least this. */
export interface Censored {
  readonly ms: number;
  readonly censored: boolean;
}

/** What one fault did, derived from its record and the first copies of the outputs. Times in ms from the first due time. */
export interface FaultResult {
  readonly index: number;
  readonly kind: FaultKind;
  readonly target: string;
  readonly role: string | null;
  readonly pid: number | null;
  /** Position in the config's list, from 0, and which of its strikes this was, from 1. */
  readonly fault: number;
  readonly strike: number;
  /** Whom the target meant, where it does not say so itself. */
  readonly found: string | null;
  /** Why it does not count, or null. */
  readonly problem: string | null;
  readonly requestedMs: number;
  readonly injectedMs: number | null;
  readonly observedMs: number | null;
  /** What the observed time may be too late by. */
  readonly observedResolutionMs: number | null;
  readonly detectedMs: number | null;
  /** When the next attempt was deployed: the tasks of the last one had ended, and the restart delay was over. */
  readonly deployingMs: number | null;
  readonly recoveredMs: number | null;
  /** When it was undone, of those that last. */
  readonly healedMs: number | null;
  /** What the query began from when it ran again; null: it did not, or began from nothing. */
  readonly restored: RestoredFrom | null;
  /** Where in the checkpoints it struck. */
  readonly phase: PhaseInInterval | null;
  readonly victim: FaultVictim | null;
  readonly inputRead: FaultRecord["inputRead"] | null;
  readonly evidence: readonly string[];
  /** The effect; null when the fault was not observed, or the run's outputs could not be followed one by one. */
  readonly effect: FaultEffect | null;
  /** The same as readers of committed data saw it; absent where they were not observed. */
  readonly committed?: FaultEffect | null;
}

/**
 * The query did not stop: the system noticed that a part was lost, and its replicas went on. Then there is no moment at which it ran again,
 * but that in which the loss was noticed. Of a record (µs) or a result (ms).
 */
export function wentOn(detected: number | null, recovered: number | null): boolean {
  return detected !== null && detected === recovered;
}

export interface RestoredFrom {
  readonly checkpointId: number;
  /** Age of the checkpoint when the fault struck, from its trigger; null: the checkpoint left no report. */
  readonly ageMs: number | null;
}

export interface PhaseInInterval extends FaultPhase {
  /** Time since the trigger as a share of the interval; above 1 where a checkpoint was late. Null without interval. */
  readonly ofInterval: number | null;
}

export interface FaultEffect {
  /** Observed to noticed by the system; below 0 when it noticed before the harness saw the process gone. */
  readonly detectionMs: number | null;
  /** Observed to the first new output of the system that runs again; where it does not tell, to the first new output. */
  readonly firstOutput: Censored | null;
  /** Longest time without a new output that ends after the fault, and when it began, ms from the first due time. */
  readonly gap: (Censored & { readonly fromMs: number }) | null;
  /** Observed until no more outputs were overdue than before the fault, for a second at least; null: nothing known from before. */
  readonly catchUp: Censored | null;
  /** Until when outputs were served in time again; null: no bound is given, and none follows from before. */
  readonly slo: SloOutcome | null;
  readonly before: {
    readonly p50Us: number | null;
    readonly p99Us: number | null;
    readonly n: number;
    readonly overdue: number;
  };
  /** Of the outputs observed from the fault to the next one, or to the end. */
  readonly after: { readonly maxUs: number | null; readonly p99Us: number | null; readonly n: number };
  /** Greatest p99 of a second, by due time; null when no second has enough outputs for one. */
  readonly peakP99Us: number | null;
  /** Sum over the outputs of what their latency was above the median before, event·s. */
  readonly excessEventSeconds: number | null;
  /** How fast the overdue outputs grew, outputs/s: over the time before, from the fault to the first output, from there to catch-up. */
  readonly lagSlope: {
    readonly before: number | null;
    readonly during: number | null;
    readonly after: number | null;
  };
  /** Outputs that were due at the fault and came after it. */
  readonly inFlight: number;
  /** Input events due by the fault from which results were still to come; null where no output tells. */
  readonly eventsInFlight: number | null;
  /** Input events that were read a second time, at least; null: not known. */
  readonly eventsReplayed: number | null;
  /** Copies of results that were out already, up to the next fault. */
  readonly replayed: number;
}

/** When the p99 of every interval was below the bound again, for a number of intervals one after the other. */
export interface SloOutcome {
  readonly boundUs: number;
  /** `config`: as asked for; else a multiple of what was measured before the fault. */
  readonly boundFrom: "config" | "p99Before" | "maxBefore";
  /** Intervals of `intervalMs` in a row that must keep the bound. */
  readonly intervals: number;
  readonly intervalMs: number;
  /** From the fault to the begin of the first of them; 0: they follow the fault at once. Nothing is said of what comes after them. */
  readonly restored: Censored;
}
