import type {
  LatencySummary,
  MachineLoad,
  Reason,
  ReasonCode,
  RunRecord,
  RunState,
  VerifySummary,
} from "../sweep/model.ts";
import type { JobStateRecord } from "../systems/system.ts";
import type { AfterLoss } from "../verify/after-loss.ts";
import type { FaultVerdict } from "./faults/run-faults.ts";
import { type Circumstances, permitted, violations } from "./guarantee.ts";
import type { RunConfig } from "./run-config.ts";

/** Reasons that a run failed (the system or its output is wrong); all others make it invalid (the number is not to be trusted). */
const FAILED: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "checker-failed",
  "guarantee-violated",
  "system-failed",
  "feeder-failed",
  "observer-failed",
  "kafka-failed",
  "zookeeper-failed",
  "drain-timeout",
  "threshold-crossed",
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
  readonly config: (Pick<RunConfig, "limits" | "guarantee"> & Partial<Pick<RunConfig, "unordered">>) | null;
  readonly verified: VerifySummary | null;
  /** What readers of committed data saw, where they were observed. */
  readonly committed?: VerifySummary | null;
  /** Some input counts twice in the state after a restore; what becomes of rows when input is lost. Default: false, `changed`. */
  readonly countsTwice?: boolean;
  readonly afterLoss?: AfterLoss;
  /** Restarts that no fault explains, as the job's own log has them. */
  readonly unplanned?: readonly JobStateRecord[];
  /** Why the checker gave no summary, when it did not. */
  readonly checkerProblem: Reason | null;
  readonly offeredPerSecond: number | null;
  readonly achievedInputPerSecond: number | null;
  readonly generatorLagUs: LatencySummary;
  readonly observerLagUs: LatencySummary;
  readonly latencyUs: LatencySummary;
  readonly claimsLatency: boolean;
  /** Latency was falling for half of the time behind the warm-up: its level is not known. */
  readonly warmsUp?: boolean;
  readonly machine?: MachineLoad;
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
      ...unplannedReasons(evidence),
      ...driftReasons(evidence.record),
      ...inputReasons(evidence),
      ...instrumentReasons(evidence),
      ...sampleReasons(evidence),
      ...warmUpReasons(evidence),
      ...foreignReasons(evidence),
    );
  }
  const failed = reasons.filter((reason) => FAILED.has(reason.code));
  const invalid = reasons.filter((reason) => !FAILED.has(reason.code));
  const state = failed.length > 0 ? "failed" : invalid.length > 0 ? "invalid" : "valid";
  return { state, reasons: [...failed, ...invalid] };
}

/** `internal` alone is an untidy end, such as a process that had to be killed: everything was measured before. */
export function endedEarly(record: RunRecord): boolean {
  return record.problems.some(({ code }) => code !== "internal");
}

/** What the counts of the outputs are judged by. */
export function circumstancesOf({ config, record, faults, countsTwice, afterLoss }: Evidence): Circumstances {
  return {
    guarantee: config?.guarantee ?? "",
    countsTwice: countsTwice === true,
    afterLoss: afterLoss ?? "changed",
    struck: faults?.excuses === true,
    endedEarly: endedEarly(record),
  };
}

function outputReasons(evidence: Evidence): Reason[] {
  const { verified, checkerProblem, record, committed = null } = evidence;
  if (checkerProblem !== null) {
    return checkerProblem.code === "checker-missing" && endedEarly(record) ? [] : [checkerProblem];
  }
  if (verified === null) return [reason("checker-missing", "the outputs were not compared with an oracle")];
  if (verified.expected === 0) {
    if (endedEarly(record)) return [];
    const hint = "Send more events, or choose data on which the query has results.";
    return [reason("too-few-samples", "the oracle expects no output at all, so nothing was checked", hint)];
  }
  // Counted, and told in a note.
  if (evidence.config?.unordered === true) return [];
  const circumstances = circumstancesOf(evidence);
  const seen = [
    ...(committed === null ? [] : [{ view: "committed" as const, counts: committed, whose: ", as committed" }]),
    { view: "uncommitted" as const, counts: verified, whose: "" },
  ];
  return seen.flatMap(({ view, counts, whose }): Reason[] => {
    const bad = violations(counts, permitted(view, circumstances));
    if (bad.length === 0) return [];
    const share = `of ${counts.expected} expected outputs (${counts.observed} observed${whose})`;
    return [reason("guarantee-violated", `${bad.join(", ")} ${share}`, "The report lists examples.")];
  });
}

function warmUpReasons({ warmsUp = false }: Evidence): Reason[] {
  if (!warmsUp) return [];
  const message = "latency was still falling when half of the time after the warm-up was over";
  return [reason("warm-up-unstable", message, "Make warmup longer, or load.duration.")];
}

/** Numbers of a run that was not set up as its config says belong to no cell. */
function driftReasons({ readBack = [] }: RunRecord): Reason[] {
  const drifted = readBack.filter(({ asked, found }) => asked !== found);
  if (drifted.length === 0) return [];
  const message = drifted.map(({ setting, asked, found }) => `${setting} is ${found}, not ${asked}`).join("; ");
  return [reason("config-drift", message, "The cluster, or somebody with access to it, has settings of its own.")];
}

function foreignReasons({ machine, config }: Evidence): Reason[] {
  const most = config?.limits.foreignCpu;
  if (most === undefined) return [];
  if (machine === undefined) return [reason("resource-foreign", "what others took of the machine was not measured")];
  const cores = machine.foreignCpuPercent / 100;
  if (cores <= most) return [];
  const message = `processes that do not belong to the run used ${cores.toFixed(2)} cores, more than ${most}`;
  return [reason("resource-foreign", message, "Run it again when the machine is quiet, or raise limits.foreignCpu.")];
}

/** A false detection, or a failure of the system's own: what was measured is not what was asked for. */
function unplannedReasons({ unplanned = [] }: Evidence): Reason[] {
  const [first] = unplanned;
  if (first === undefined) return [];
  const text = `the query started again ${unplanned.length === 1 ? "once" : `${unplanned.length} times`} though nothing was broken on purpose then: ${first.cause ?? "no cause given"}`;
  return [
    reason(
      "fault-unplanned",
      text,
      "Is the machine too busy? The job states in the report and the logs of its processes say more.",
    ),
  ];
}

function faultReasons({ faults, config }: Evidence): Reason[] {
  const { problems, strikes } = faults ?? { problems: [], strikes: 0 };
  // At least one must count, whatever share of them need not: a run that survived nothing proves nothing.
  const tolerated = Math.min(strikes - 1, strikes * (config?.limits.faultsNotCounted ?? 0));
  if (problems.length === 0 || problems.length <= tolerated) return [];
  const hint = "A fault counts only when it was seen to strike something that was working.";
  return problems.map((problem) => reason("fault-not-observed", problem, hint));
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
    reasons.push(
      reason(
        "observer-saturated",
        text,
        "The machine is too busy to see outputs when they appear: end other programs, or lower load.rate.",
      ),
    );
  }
  const { heldUp = [] } = record;
  if (heldUp.length > 0) {
    const text = `readers of ${heldUp.join(" and ")} data did not come to the end of the output: a transaction before it was still open`;
    const hint = "What lies behind it counts as lost. The logs of the workers say whose transaction it was.";
    reasons.push(reason("output-incomplete", text, hint));
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
