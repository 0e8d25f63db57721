import type { SloOutcome } from "../../faults/result.ts";
import { type LatencyHistogram, MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { SLO_INTERVAL_US, type SloIntervals } from "./slo-intervals.ts";

/** A bound that is not given is so many times what was measured before the fault. */
const MARGIN = 2;

export interface SloAsked {
  /** null: derived from the time before the fault. */
  readonly p99Ms: number | null;
  readonly forMs: number;
}

/**
 * When service was as asked for again, from the fault on; null when there is no bound. It must be so until `throughUs` at least, as long as the
 * fault is at work.
 */
export function sloOutcome(
  asked: SloAsked,
  before: LatencyHistogram,
  intervals: SloIntervals,
  observedUs: number,
  throughUs: number,
  untilUs: number,
): SloOutcome | null {
  const from = boundOf(asked, before);
  if (from === null) return null;
  const wanted = Math.max(1, Math.ceil((asked.forMs * 1000) / SLO_INTERVAL_US));
  const keptUs = intervals.firstStreak(from.us, wanted, observedUs, untilUs, throughUs);
  return {
    boundUs: intervals.bound(from.us),
    boundFrom: from.boundFrom,
    intervals: wanted,
    intervalMs: SLO_INTERVAL_US / 1000,
    restored:
      keptUs === null
        ? { ms: (untilUs - observedUs) / 1000, censored: true }
        : { ms: Math.max(0, keptUs - observedUs) / 1000, censored: false },
  };
}

function boundOf(
  { p99Ms }: SloAsked,
  before: LatencyHistogram,
): { readonly us: number; readonly boundFrom: SloOutcome["boundFrom"] } | null {
  if (p99Ms !== null) return { us: p99Ms * 1000, boundFrom: "config" };
  const p99Us = before.percentile(99, MIN_SAMPLES.p99);
  if (p99Us !== null) return { us: MARGIN * p99Us, boundFrom: "p99Before" };
  return before.max === null ? null : { us: MARGIN * before.max, boundFrom: "maxBefore" };
}
