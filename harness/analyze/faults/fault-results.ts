import type { FaultRecord } from "../../faults/model.ts";
import {
  type Censored,
  type FaultEffect,
  type FaultResult,
  type PhaseInInterval,
  type RestoredFrom,
  wentOn,
} from "../../faults/result.ts";
import type { IntervalHistogram } from "../../measure/interval-histograms.ts";
import { MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { recoveryAfter } from "../job-states.ts";
import type { FaultRecorder, FaultSegment } from "./fault-recorder.ts";
import { TIMELINE_STEP_US } from "./output-timeline.ts";
import type { FaultSources } from "./run-faults.ts";
import { type SloAsked, sloOutcome } from "./slo.ts";

/** The backlog must stay within its band for so long to count as caught up. */
const HOLD_US = 1_000_000;

/** The outputs as one kind of reader saw them. */
export interface FaultView {
  readonly recorder: FaultRecorder;
  /** Per second from the first due time, by due time. */
  readonly intended: readonly IntervalHistogram[];
  /** The recorder knows all outputs: what it has none of did not come. */
  readonly followed: boolean;
  readonly slo: SloAsked;
}

export interface FaultWindow extends FaultSources {
  /** First due time. */
  readonly startUs: number;
  /** End of the load, or of the run if that broke before. What is not over by then is censored. */
  readonly endUs: number;
  /** null: no checkpoints by themselves. */
  readonly checkpointIntervalMs: number | null;
  /** Events of the main input that were due by a time. */
  eventsDueBy(us: number): number;
  /** A job that recovers reads its whole input again. */
  readonly readsAllAgain: boolean;
}

/** The results of all faults of a run; pure. `committed`: null unless readers of committed data were observed. */
export function faultResults(
  records: readonly FaultRecord[],
  uncommitted: FaultView,
  committed: FaultView | null,
  window: FaultWindow,
): readonly FaultResult[] {
  return records.map((record): FaultResult => {
    const { index, kind, target, role, pid, problem, victim, evidence } = record;
    const sinceStart = (us: number | null) => (us === null ? null : (us - window.startUs) / 1000);
    return {
      index,
      fault: record.fault ?? index,
      strike: record.strike ?? 1,
      kind,
      target,
      found: record.found ?? null,
      role,
      pid,
      problem,
      requestedMs: (record.requestedUs - window.startUs) / 1000,
      injectedMs: sinceStart(record.injectedUs),
      observedMs: sinceStart(record.observedUs),
      observedResolutionMs: record.observedResolutionUs == null ? null : record.observedResolutionUs / 1000,
      detectedMs: sinceStart(record.detectedUs),
      deployingMs: sinceStart(deployingUs(record, uncommitted.recorder, window)),
      recoveredMs: sinceStart(record.recoveredUs),
      healedMs: sinceStart(record.healedUs ?? null),
      restored: restoredFrom(record, window),
      phase: phaseInInterval(record, window),
      victim,
      inputRead: record.inputRead ?? null,
      evidence,
      effect: effectOf(record, uncommitted, window),
      ...(committed === null ? {} : { committed: effectOf(record, committed, window) }),
    };
  });
}

/** Only of a recovery that the fault's record knows, too. */
function deployingUs(
  { index, injectedUs, recoveredUs }: FaultRecord,
  recorder: FaultRecorder,
  { states }: FaultWindow,
): number | null {
  if (injectedUs === null || recoveredUs === null) return null;
  const nextUs = recorder.nextAfter(index);
  const steps = recoveryAfter(states, injectedUs, Math.max(nextUs ?? 0, recoveredUs));
  return steps.runningUs === null || steps.runningUs > recoveredUs ? null : steps.deployingUs;
}

/** The record says it; where it does not, the job's own log does. */
function restoredFrom(
  { restoredFrom: told, detectedUs, recoveredUs, injectedUs, observedUs }: FaultRecord,
  { checkpoints, states }: FaultWindow,
): RestoredFrom | null {
  if (recoveredUs === null || wentOn(detectedUs, recoveredUs)) return null;
  const ran = states.findLast(({ atUs, state }) => state === "running" && atUs <= recoveredUs);
  const checkpointId = told ?? ran?.restored ?? null;
  if (checkpointId === null) return null;
  const struckUs = injectedUs ?? observedUs;
  const report = checkpoints.find((one) => one.checkpointId === checkpointId && one.outcome === "completed");
  return {
    checkpointId,
    ageMs: report === undefined || struckUs === null ? null : (struckUs - report.triggeredUs) / 1000,
  };
}

function phaseInInterval({ phase }: FaultRecord, { checkpointIntervalMs }: FaultWindow): PhaseInInterval | null {
  if (phase == null) return null;
  return { ...phase, ofInterval: checkpointIntervalMs === null ? null : phase.sinceTriggeredMs / checkpointIntervalMs };
}

function effectOf(record: FaultRecord, view: FaultView, window: FaultWindow): FaultEffect | null {
  const { observedUs, detectedUs, recoveredUs } = record;
  const { recorder } = view;
  const segment = recorder.segment(record.index);
  if (observedUs === null || segment === null || !view.followed) return null;
  // A run that breaks may end before the harness has seen the process gone.
  const nextUs = recorder.nextAfter(record.index);
  const untilUs = Math.max(observedUs, Math.min(nextUs ?? window.endUs, window.endUs));
  const { timeline, before, baselineFromUs, baselineToUs } = recorder;
  const medianUs = before.percentile(50, MIN_SAMPLES.p50);
  const overdue = timeline.mostOverdue(baselineFromUs, baselineToUs);
  const first = firstOutput(record, observedUs, recorder, untilUs);
  const throughUs = Math.min(untilUs, Math.max(observedUs, recoveredUs ?? 0, record.healedUs ?? 0));
  const caughtUp = overdue === null ? null : catchUp(record, observedUs, recorder, overdue, throughUs, untilUs);
  return {
    detectionMs: detectedUs === null ? null : (detectedUs - observedUs) / 1000,
    firstOutput: first,
    gap: gapAround(observedUs, recorder, window, untilUs, nextUs),
    catchUp: caughtUp,
    slo: sloOutcome(view.slo, before, recorder.slo, observedUs, throughUs, untilUs),
    before: { p50Us: medianUs, p99Us: before.percentile(99, MIN_SAMPLES.p99), n: before.count, overdue: overdue ?? 0 },
    after: segment.latency,
    peakP99Us: peakP99(view, window, observedUs, untilUs),
    excessEventSeconds: medianUs === null ? null : segment.excess.above(medianUs) / 1e6,
    lagSlope: lagSlope(recorder, observedUs, first, caughtUp, untilUs),
    inFlight: segment.inFlight,
    eventsInFlight: eventsInFlight(segment, observedUs, window),
    eventsReplayed: eventsReplayed(record, window),
    replayed: segment.replayed,
  };
}

/**
 * At least: what had been read by the last look before the fault, and, where the query began from a checkpoint, was not due yet when
 * that was acknowledged. Sources count from the begin of their attempt, so only of the first one it is known.
 */
function eventsReplayed(record: FaultRecord, window: FaultWindow): number | null {
  const { detectedUs, recoveredUs, inputRead } = record;
  if (recoveredUs === null || inputRead == null || wentOn(detectedUs, recoveredUs)) return null;
  if (window.readsAllAgain) return inputRead.events;
  const restored = restoredFrom(record, window);
  const report = window.checkpoints.find(({ checkpointId }) => checkpointId === restored?.checkpointId);
  if (report === undefined || report.acknowledgedUs === null || report.attempt > 1) return null;
  return Math.max(0, inputRead.events - window.eventsDueBy(report.acknowledgedUs));
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

/** When what ran before is certainly over, so that outputs are of what runs again; where the query went on, the fault itself. */
function overUs({ detectedUs, recoveredUs }: FaultRecord, observedUs: number): number {
  return recoveredUs === null || wentOn(detectedUs, recoveredUs) ? observedUs : recoveredUs;
}

/** Outputs of the dying attempt that were on their way do not count where the system tells when it ran again. */
function firstOutput(record: FaultRecord, observedUs: number, { timeline }: FaultRecorder, untilUs: number): Censored {
  const never = { ms: (untilUs - observedUs) / 1000, censored: true };
  if (record.recoveredUs === null && record.detectedUs !== null) return never;
  const firstUs = timeline.firstAfter(overUs(record, observedUs));
  return firstUs === null ? never : { ms: (firstUs - observedUs) / 1000, censored: false };
}

function gapAround(
  observedUs: number,
  { timeline }: FaultRecorder,
  { startUs }: FaultWindow,
  untilUs: number,
  nextUs: number | null,
): FaultEffect["gap"] {
  const fromUs = timeline.lastUpTo(observedUs) ?? startUs;
  const lastUs = timeline.lastUpTo(untilUs) ?? startUs;
  // What goes on when the next fault strikes may be that one's doing: of such a gap only the part up to there is known to be this one's.
  const gap = timeline.longestGap(observedUs, untilUs, nextUs ?? undefined);
  const open = { fromMs: (lastUs - startUs) / 1000, ms: (untilUs - lastUs) / 1000, censored: true };
  // Silence up to the end is a gap of unknown length; unless it is shorter than one that ended.
  if (gap === null) return { ...open, fromMs: (fromUs - startUs) / 1000, ms: (untilUs - fromUs) / 1000 };
  const ended = { fromMs: (gap.fromUs - startUs) / 1000, ms: (gap.toUs - gap.fromUs) / 1000, censored: false };
  return open.ms > ended.ms ? open : ended;
}

/** Only what holds until the fault is undone and the query runs again, `throughUs`, is a catch-up: a fault may show late. */
function catchUp(
  record: FaultRecord,
  observedUs: number,
  { timeline }: FaultRecorder,
  overdue: number,
  throughUs: number,
  untilUs: number,
): Censored {
  const never = { ms: (untilUs - observedUs) / 1000, censored: true };
  // Until the system runs again the backlog grows; a short one may lie within the band by chance.
  const gapEndUs = timeline.firstAfter(overUs(record, observedUs));
  if (gapEndUs === null) return never;
  const settledUs = timeline.settledAfter(gapEndUs, overdue, HOLD_US, untilUs, throughUs);
  return settledUs === null ? never : { ms: (settledUs - observedUs) / 1000, censored: false };
}

function peakP99(
  { intended }: FaultView,
  { startUs }: FaultWindow,
  observedUs: number,
  untilUs: number,
): number | null {
  const secondOf = (us: number) => Math.floor((us - startUs) / 1e6);
  const peaks = intended.flatMap(({ index, p99 }) =>
    p99 !== null && index >= secondOf(observedUs) && index <= secondOf(untilUs) ? [p99] : [],
  );
  return peaks.length === 0 ? null : Math.max(...peaks);
}
