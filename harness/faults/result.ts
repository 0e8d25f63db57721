import type { FaultVictim } from "./model.ts";
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
  /** Why it does not count, or null. */
  readonly problem: string | null;
  readonly requestedMs: number;
  readonly injectedMs: number | null;
  readonly observedMs: number | null;
  readonly detectedMs: number | null;
  readonly recoveredMs: number | null;
  readonly victim: FaultVictim | null;
  readonly evidence: readonly string[];
  /** The effect; null when the fault was not observed. */
  readonly effect: FaultEffect | null;
}

export interface FaultEffect {
  /** Observed to noticed by the system. */
  readonly detectionMs: number | null;
  /** Observed to the first new output of the system that runs again; where it does not tell, to the first new output. */
  readonly firstOutput: Censored | null;
  /** Longest time without a new output that ends after the fault, and when it began, ms from the first due time. */
  readonly gap: (Censored & { readonly fromMs: number }) | null;
  /** Observed until no more outputs were overdue than before the fault, for a second at least; null: nothing known from before. */
  readonly catchUp: Censored | null;
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
  /** Outputs that were due at the fault and came after it. */
  readonly inFlight: number;
  /** Copies of results that were out already, up to the next fault. */
  readonly replayed: number;
}
