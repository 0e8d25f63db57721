import type { FaultRecord } from "../../faults/model.ts";
import type { Censored, FaultEffect, FaultResult } from "../../faults/result.ts";
import type { IntervalHistogram } from "../../measure/interval-histograms.ts";
import { MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import type { FaultRecorder, FaultSegment } from "./fault-recorder.ts";
import { TIMELINE_STEP_US } from "./output-timeline.ts";
import { type SloAsked, sloOutcome } from "./slo.ts";

/** The backlog must stay within its band for so long to count as caught up. */
const HOLD_US = 1_000_000;

export interface FaultWindow {
  /** First due time. */
  readonly startUs: number;
  /** End of the load, or of the run if that broke before. What is not over by then is censored. */
  readonly endUs: number;
  /** Per second from the first due time, by due time. */
  readonly intended: readonly IntervalHistogram[];
  /** The recorder knows all outputs: what it has none of did not come. */
  readonly followed: boolean;
  readonly slo: SloAsked;
  /** Events of the main input that were due by a time. */
  eventsDueBy(us: number): number;
  /** A job that recovers reads its whole input again. */
  readonly readsAllAgain: boolean;
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
      observedResolutionMs: record.observedResolutionUs == null ? null : record.observedResolutionUs / 1000,
      detectedMs: sinceStart(record.detectedUs),
      recoveredMs: sinceStart(record.recoveredUs),
      victim,
      inputRead: record.inputRead ?? null,
      evidence,
      effect: effectOf(record, recorder, window),
    };
  });
}

function effectOf(record: FaultRecord, recorder: FaultRecorder, window: FaultWindow): FaultEffect | null {
  const { observedUs, detectedUs, recoveredUs } = record;
  const segment = recorder.segment(record.index);
  if (observedUs === null || segment === null || !window.followed) return null;
  // A run that breaks may end before the harness has seen the process gone.
  const untilUs = Math.max(observedUs, Math.min(recorder.nextAfter(observedUs) ?? window.endUs, window.endUs));
  const { timeline, before, baselineFromUs, baselineToUs } = recorder;
  const medianUs = before.percentile(50, MIN_SAMPLES.p50);
  const overdue = timeline.mostOverdue(baselineFromUs, baselineToUs);
  const first = firstOutput(record, observedUs, recorder, untilUs);
  const caughtUp = overdue === null ? null : catchUp(observedUs, recoveredUs, recorder, overdue, untilUs);
  return {
    detectionMs: detectedUs === null ? null : (detectedUs - observedUs) / 1000,
    firstOutput: first,
    gap: gapAround(observedUs, recorder, window, untilUs),
    catchUp: caughtUp,
    slo: sloOutcome(window.slo, before, recorder.slo, observedUs, untilUs),
    before: { p50Us: medianUs, p99Us: before.percentile(99, MIN_SAMPLES.p99), n: before.count, overdue: overdue ?? 0 },
    after: {
      maxUs: segment.latency.max,
      p99Us: segment.latency.percentile(99, MIN_SAMPLES.p99),
      n: segment.latency.count,
    },
    peakP99Us: peakP99(window, observedUs, untilUs),
    excessEventSeconds: medianUs === null ? null : segment.excess.above(medianUs) / 1e6,
    lagSlope: lagSlope(recorder, observedUs, first, caughtUp, untilUs),
    inFlight: segment.inFlight,
    eventsInFlight: eventsInFlight(segment, observedUs, window),
    eventsReplayed: recoveredUs !== null && window.readsAllAgain ? (record.inputRead?.events ?? null) : null,
    replayed: segment.replayed,
  };
}

/** A catch-up may be over within a step: one more on both sides gives a slope all the same. */
function lagSlope(
  { timeline, baselineFromUs, baselineToUs }: FaultRecorder,
  observedUs: number,
  first: Censored,
  caughtUp: Censored | null,
  untilUs: number,
): FaultEffect["lagSlope"] {
  const firstUs = observedUs + first.ms * 1000;
  const endUs = caughtUp === null ? untilUs : observedUs + caughtUp.ms * 1000;
  return {
    before: timeline.overdueSlope(baselineFromUs, baselineToUs),
    during: timeline.overdueSlope(observedUs, firstUs),
    after: first.censored ? null : timeline.overdueSlope(firstUs - TIMELINE_STEP_US, endUs + TIMELINE_STEP_US),
  };
}

/** Events whose results were still to come: behind the last one whose outputs were all out. */
function eventsInFlight(
  { oldestInFlightUs, latestOutUs }: FaultSegment,
  observedUs: number,
  { eventsDueBy }: FaultWindow,
): number | null {
  // The event that triggers the oldest output in flight is one of them.
  if (oldestInFlightUs !== null) return eventsDueBy(observedUs) - eventsDueBy(oldestInFlightUs - 1);
  return latestOutUs === null ? null : eventsDueBy(observedUs) - eventsDueBy(latestOutUs);
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
