import type { FaultlineError } from "../../base/errors.ts";
import { failedResult } from "../sweep/failed-result.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";

/** The result of a run whose raw data cannot be analysed: failed, with nothing measured. */
export function brokenResult(record: RunRecord, error: FaultlineError): RunResult {
  const { query, system } = (record.config ?? {}) as { readonly query?: unknown; readonly system?: unknown };
  const reason = { code: "checker-failed", message: `cannot analyse the run: ${error.message}` } as const;
  const facts = {
    query: typeof query === "string" ? query : "unknown",
    system: typeof system === "string" ? system : "unknown",
    events: record.events,
  };
  const reasons = [...record.problems, error.hint === undefined ? reason : { ...reason, hint: error.hint }];
  return failedResult(record.run, facts, reasons);
}
