import type { RunRecord, RunResult, VerifySummary } from "../sweep/model.ts";
import { EXACTLY_ONCE } from "./check-run.ts";
import { lagSlope } from "./lag-slope.ts";
import type { RunConfig } from "./run-config.ts";
import type { RunRecorder } from "./run-recorder.ts";
import { judgeThresholds, type ThresholdData } from "./thresholds.ts";
import { endedEarly } from "./verdict.ts";

/** What is read of a run whose outputs were compared. */
interface Judged {
  readonly record: RunRecord;
  readonly config: RunConfig;
  readonly recorder: RunRecorder;
  readonly check: {
    readonly verified: VerifySummary | null;
    readonly committed: { readonly verified: VerifySummary | null } | null;
  };
}

type Own = "latency" | "outputs" | "fromSecond" | "toSecond" | "lagSlope" | "verified" | "faults" | "endedEarly";
type Measures = Omit<ThresholdData, Own> & {
  readonly claimsLatency: boolean;
  readonly faults: ThresholdData["faults"] | undefined;
};

/** The growth of the backlog, and the thresholds of a run; what there is none of is absent. */
export function runThresholds(
  { record, config, recorder, check }: Judged,
  { claimsLatency, faults = [], ...measures }: Measures,
): Pick<RunResult, "lagSlope" | "thresholds"> {
  const { thresholds, warmupMs, loadMs, guarantee } = config;
  // Seconds that lie wholly in the measured window.
  const [fromSecond, toSecond] = [Math.ceil(warmupMs / 1000), Math.floor(loadMs / 1000)];
  const slope = claimsLatency ? lagSlope(measures.intervals, fromSecond, toSecond) : null;
  const told = claimsLatency ? { lagSlope: slope } : {};
  if (thresholds.length === 0) return told;
  const judged = judgeThresholds(thresholds, {
    ...measures,
    faults,
    latency: recorder.latency,
    outputs: recorder.outputs,
    fromSecond,
    toSecond,
    lagSlope: slope,
    verified: guarantee === EXACTLY_ONCE ? (check.committed?.verified ?? null) : check.verified,
    endedEarly: endedEarly(record),
  });
  return { ...told, thresholds: judged };
}
