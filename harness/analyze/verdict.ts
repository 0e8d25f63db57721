import type { LatencySummary, Reason, ReasonCode, RunRecord, RunState, VerifySummary } from "../sweep/model.ts";
import type { FaultVerdict } from "./faults/run-faults.ts";
import type { RunConfig } from "./run-config.ts";

/** Reasons that a run failed (the system or its output is wrong); all others make it invalid (the number is not to be trusted). */
const FAILED: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "checker-failed",
  "guarantee-violated",
  "system-failed",
  "feeder-failed",
  "observer-failed",
  "kafka-failed",
  "drain-timeout",
  "interrupted",
  "internal",
]);

/** Largest change of the clock offset over a run: comparing with broker times would be off by as much. */
const MAX_CLOCK_DRIFT_US = 1_000;

/** What gives a run more outputs, or makes do with fewer. */
export const MORE_SAMPLES_HINT =
  "Make load.duration longer, shorten warmup, or lower limits.minSamples. Queries over windows have more results per second of load when it " +
  "holds more event time: lower data.nexmark.eventRatePerSecond, as configs/latency.yaml does for q5.";

export interface Evidence {
  readonly record: RunRecord;
  readonly config: Pick<RunConfig, "limits" | "guarantee"> | null;
  readonly verified: VerifySummary | null;
  /** Why the checker gave no summary, when it did not. */
  readonly checkerProblem: Reason | null;
  readonly offeredPerSecond: number | null;
  readonly achievedInputPerSecond: number | null;
  readonly generatorLagUs: LatencySummary;
  readonly observerLagUs: LatencySummary;
  readonly latencyUs: LatencySummary;
  readonly claimsLatency: boolean;
  /** Of a run into which errors were planted. It fails, whatever was found. */
  readonly planted?: Reason | null;
  /** null: a run without faults. */
  readonly faults?: FaultVerdict | null;
}

/** The verdict with all its reasons, failures first. No data is never a pass. */
export function judge(evidence: Evidence): { readonly state: RunState; readonly reasons: readonly Reason[] } {
  const planted = evidence.planted ?? null;
  const reasons = [...(planted === null ? [] : [planted]), ...evidence.record.problems, ...outputReasons(evidence)];
  // What ended the run early also explains missing input and outputs: those are counted, but they are no reasons of their own.
  if (!endedEarly(evidence.record)) {
    reasons.push(
      ...faultReasons(evidence),
      ...inputReasons(evidence),
      ...instrumentReasons(evidence),
      ...sampleReasons(evidence),
    );
  }
  const failed = reasons.filter((reason) => FAILED.has(reason.code));
  const invalid = reasons.filter((reason) => !FAILED.has(reason.code));
  const state = failed.length > 0 ? "failed" : invalid.length > 0 ? "invalid" : "valid";
  return { state, reasons: [...failed, ...invalid] };
}

/** `internal` alone is an untidy end, such as a process that had to be killed: everything was measured before. */
function endedEarly(record: RunRecord): boolean {
  return record.problems.some(({ code }) => code !== "internal");
}

function outputReasons({ verified, checkerProblem, config, record, faults }: Evidence): Reason[] {
  if (checkerProblem !== null) {
    return checkerProblem.code === "checker-missing" && endedEarly(record) ? [] : [checkerProblem];
  }
  if (verified === null) return [reason("checker-missing", "the outputs were not compared with an oracle")];
  if (verified.expected === 0) {
    if (endedEarly(record)) return [];
    const hint = "Send more events, or choose data on which the query has results.";
    return [reason("too-few-samples", "the oracle expects no output at all, so nothing was checked", hint)];
  }
  // At-most-once permits loss. No guarantee permits duplicates while nothing breaks: a replay has no cause then. After a fault
  // at-least-once permits them; the report counts them.
  const mayRepeat = config?.guarantee === "at-least-once" && faults?.mayRepeat === true;
  const mayLose = config?.guarantee === "at-most-once" || endedEarly(record);
  const bad: string[] = [];
  for (const kind of ["lost", "wrong", "unexpected", "premature", "outOfOrder", "duplicate"] as const) {
    if (kind === "lost" && mayLose) continue;
    if (kind === "duplicate" && mayRepeat) continue;
    if (verified[kind] > 0) bad.push(`${verified[kind]} ${kind === "outOfOrder" ? "out of order" : kind}`);
  }
  if (bad.length === 0) return [];
  const share = `of ${verified.expected} expected outputs (${verified.observed} observed)`;
  return [reason("guarantee-violated", `${bad.join(", ")} ${share}`, "The report lists examples.")];
}

function faultReasons({ faults }: Evidence): Reason[] {
  const hint = "A fault counts only when it was seen to strike something that was working.";
  return (faults?.problems ?? []).map((problem) => reason("fault-not-observed", problem, hint));
}

function inputReasons(evidence: Evidence): Reason[] {
  const { record, config, offeredPerSecond: offered, achievedInputPerSecond: achieved, generatorLagUs } = evidence;
  const reasons: Reason[] = [];
  const sent = record.feeder;
  if (sent === null) reasons.push(reason("input-incomplete", "the feeder reported nothing"));
  else if (sent.acked < record.events || sent.sendErrors > 0) {
    const text = `${sent.acked} of ${record.events} events acknowledged, ${sent.sendErrors} send errors`;
    reasons.push(reason("input-incomplete", text));
  }
  if (config === null) return reasons;
  const { generatorLagP99, achievedShare } = config.limits;
  const hint = "Lower the rate, or give the feeder a core of its own.";
  const lagP99Us = generatorLagUs.p99;
  if (lagP99Us !== null && lagP99Us > generatorLagP99 * 1000) {
    const text = `generator lag p99 ${milliseconds(lagP99Us)} is above ${generatorLagP99} ms`;
    reasons.push(reason("generator-saturated", text, hint));
  }
  if (offered !== null && achieved !== null && achieved < offered * achievedShare) {
    const text = `sent ${achieved.toFixed(1)}/s of ${offered.toFixed(1)}/s offered, less than ${achievedShare * 100} %`;
    reasons.push(reason("generator-saturated", text, hint));
  }
  return reasons;
}

function instrumentReasons({ record, config, observerLagUs }: Evidence): Reason[] {
  const reasons: Reason[] = [];
  const driftUs = Math.abs(record.clockOffsetUs.end - record.clockOffsetUs.start);
  if (driftUs > MAX_CLOCK_DRIFT_US) {
    const text = `wall and monotonic clock moved apart by ${milliseconds(driftUs)} during the run`;
    reasons.push(reason("clock-offset", text, "Let the clock settle (NTP), then repeat."));
  }
  const limitMs = config?.limits.observerLagP99;
  if (limitMs !== undefined && observerLagUs.p99 !== null && observerLagUs.p99 > limitMs * 1000) {
    const text = `observer lag p99 ${milliseconds(observerLagUs.p99)} is above ${limitMs} ms`;
    reasons.push(reason("observer-saturated", text, "The machine is too busy to see outputs when they appear."));
  }
  return reasons;
}

function sampleReasons({ config, latencyUs, claimsLatency, verified }: Evidence): Reason[] {
  if (!claimsLatency || (verified !== null && verified.expected === 0)) return [];
  const least = Math.max(1, config?.limits.minSamples ?? 1);
  if (latencyUs.n >= least) return [];
  const text = `${latencyUs.n} outputs in the measured window, ${least} needed`;
  return [reason("too-few-samples", text, MORE_SAMPLES_HINT)];
}

function milliseconds(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}

function reason(code: ReasonCode, message: string, hint?: string): Reason {
  return hint === undefined ? { code, message } : { code, message, hint };
}
