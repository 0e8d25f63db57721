import type { FaultRecord } from "../../faults/model.ts";
import type { Censored, FaultEffect, FaultResult } from "../../faults/result.ts";
import type { IntervalHistogram } from "../../measure/interval-histograms.ts";
import { MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import type { FaultRecorder } from "./fault-recorder.ts";

/** The backlog must stay within its band for so long to count as caught up. */
const HOLD_US = 1_000_000;

export interface FaultWindow {
  /** First due time. */
  readonly startUs: number;
  /** End of the load, or of the run if that broke before. What is not over by then is censored. */
  readonly endUs: number;
  /** Per second from the first due time, by due time. */
  readonly intended: readonly IntervalHistogram[];
}

/** The results of all faults of a run; pure. */
export function faultResults(
  records: readonly FaultRecord[],
  recorder: FaultRecorder,
  window: FaultWindow,
): readonly FaultResult[] {
  return records.map((record): FaultResult => {
    const { index, kind, target, role, pid, problem, victim, evidence } = record;
    const sinceStart = (us: number | null) => (us === null ? null : (us - window.startUs) / 1000);
    return {
      index,
      kind,
      target,
      role,
      pid,
      problem,
      requestedMs: (record.requestedUs - window.startUs) / 1000,
      injectedMs: sinceStart(record.injectedUs),
      observedMs: sinceStart(record.observedUs),
      detectedMs: sinceStart(record.detectedUs),
      recoveredMs: sinceStart(record.recoveredUs),
      victim,
      evidence,
      effect: effectOf(record, recorder, window),
    };
  });
}

function effectOf(record: FaultRecord, recorder: FaultRecorder, window: FaultWindow): FaultEffect | null {
  const { observedUs, detectedUs, recoveredUs } = record;
  const segment = recorder.segment(record.index);
  if (observedUs === null || segment === null) return null;
  const untilUs = Math.min(recorder.nextAfter(observedUs) ?? window.endUs, window.endUs);
  const { timeline, before, baselineFromUs } = recorder;
  const medianUs = before.percentile(50, MIN_SAMPLES.p50);
  const overdue = timeline.mostOverdue(baselineFromUs, recorder.firstObservedUs ?? observedUs);
  return {
    detectionMs: detectedUs === null ? null : (detectedUs - observedUs) / 1000,
    firstOutput: firstOutput(record, observedUs, recorder, untilUs),
    gap: gapAround(observedUs, recorder, window, untilUs),
    catchUp: overdue === null ? null : catchUp(observedUs, recoveredUs, recorder, overdue, untilUs),
    before: { p50Us: medianUs, p99Us: before.percentile(99, MIN_SAMPLES.p99), n: before.count, overdue: overdue ?? 0 },
    after: {
      maxUs: segment.latency.max,
      p99Us: segment.latency.percentile(99, MIN_SAMPLES.p99),
      n: segment.latency.count,
    },
    peakP99Us: peakP99(window, observedUs, untilUs),
    excessEventSeconds: medianUs === null ? null : segment.excess.above(medianUs) / 1e6,
    inFlight: segment.inFlight,
    replayed: segment.replayed,
  };
}

/** Outputs of the dying attempt that were on their way do not count where the system tells when it ran again. */
function firstOutput(
  { recoveredUs, detectedUs }: FaultRecord,
  observedUs: number,
  { timeline }: FaultRecorder,
  untilUs: number,
): Censored {
  const never = { ms: (untilUs - observedUs) / 1000, censored: true };
  if (recoveredUs === null && detectedUs !== null) return never;
  const firstUs = timeline.firstAfter(recoveredUs ?? observedUs);
  return firstUs === null ? never : { ms: (firstUs - observedUs) / 1000, censored: false };
}

function gapAround(
  observedUs: number,
  { timeline }: FaultRecorder,
  { startUs }: FaultWindow,
  untilUs: number,
): FaultEffect["gap"] {
  const fromUs = timeline.lastUpTo(observedUs) ?? startUs;
  const lastUs = timeline.lastUpTo(untilUs) ?? startUs;
  const gap = timeline.longestGap(observedUs, untilUs);
  const open = { fromMs: (lastUs - startUs) / 1000, ms: (untilUs - lastUs) / 1000, censored: true };
  // Silence up to the end is a gap of unknown length; unless it is shorter than one that ended.
  if (gap === null) return { ...open, fromMs: (fromUs - startUs) / 1000, ms: (untilUs - fromUs) / 1000 };
  const ended = { fromMs: (gap.fromUs - startUs) / 1000, ms: (gap.toUs - gap.fromUs) / 1000, censored: false };
  return open.ms > ended.ms ? open : ended;
}

function catchUp(
  observedUs: number,
  recoveredUs: number | null,
  { timeline }: FaultRecorder,
  overdue: number,
  untilUs: number,
): Censored {
  const never = { ms: (untilUs - observedUs) / 1000, censored: true };
  // Until the system runs again the backlog grows; a short one may lie within the band by chance.
  const gapEndUs = timeline.firstAfter(recoveredUs ?? observedUs);
  if (gapEndUs === null) return never;
  const settledUs = timeline.settledAfter(gapEndUs, overdue, HOLD_US, untilUs);
  return settledUs === null ? never : { ms: (settledUs - observedUs) / 1000, censored: false };
}

function peakP99({ startUs, intended }: FaultWindow, observedUs: number, untilUs: number): number | null {
  const secondOf = (us: number) => Math.floor((us - startUs) / 1e6);
  const peaks = intended.flatMap(({ index, p99 }) =>
    p99 !== null && index >= secondOf(observedUs) && index <= secondOf(untilUs) ? [p99] : [],
  );
  return peaks.length === 0 ? null : Math.max(...peaks);
}
