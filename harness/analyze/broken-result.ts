import type { FaultlineError } from "../../base/errors.ts";
import { NO_LATENCY } from "../measure/latency-histogram.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";

/** The result of a run whose raw data cannot be analysed: failed, with nothing measured. */
export function brokenResult(record: RunRecord, error: FaultlineError): RunResult {
  const { query, system } = (record.config ?? {}) as { readonly query?: unknown; readonly system?: unknown };
  const reason = { code: "checker-failed", message: `cannot analyse the run: ${error.message}` } as const;
  return {
    version: 1,
    run: record.run,
    state: "failed",
    reasons: [...record.problems, error.hint === undefined ? reason : { ...reason, hint: error.hint }],
    query: typeof query === "string" ? query : "unknown",
    system: typeof system === "string" ? system : "unknown",
    offeredPerSecond: null,
    achievedInputPerSecond: null,
    achievedOutputPerSecond: null,
    latencyUs: NO_LATENCY,
    uncorrectedLatencyUs: NO_LATENCY,
    residenceUs: null,
    generatorLagUs: NO_LATENCY,
    observerLagUs: NO_LATENCY,
    negativeLatencies: 0,
    verified: null,
    resources: {},
    warmupCutMs: 0,
    measuredMs: null,
    events: record.events,
  };
}
