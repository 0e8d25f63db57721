import type { LatencySummary, PlannedRun, Reason, RunResult } from "./model.ts";

const NOTHING: LatencySummary = { p50: null, p90: null, p99: null, p999: null, max: null, n: 0 };

/** The result of a run about which nothing could be computed. */
export function failedResult(
  run: PlannedRun,
  facts: { readonly query: string; readonly system: string; readonly events: number },
  reasons: readonly Reason[],
): RunResult {
  return {
    version: 1,
    run,
    state: "failed",
    reasons,
    query: facts.query,
    system: facts.system,
    offeredPerSecond: null,
    achievedInputPerSecond: null,
    achievedOutputPerSecond: null,
    latencyUs: NOTHING,
    uncorrectedLatencyUs: NOTHING,
    residenceUs: null,
    generatorLagUs: NOTHING,
    observerLagUs: NOTHING,
    negativeLatencies: 0,
    verified: null,
    resources: {},
    warmupCutMs: 0,
    measuredMs: null,
    events: facts.events,
  };
}
