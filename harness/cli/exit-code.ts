import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { crossedThresholds } from "../report/threshold-lines.ts";
import type { RunResult } from "../sweep/model.ts";

/**
 * 4 when any run failed, else 5 when any is invalid or there is none, else 6 when a threshold was crossed, has no data, or ended a run
 * early; else 0.
 */
export function exitCodeOf(results: readonly RunResult[]): ExitCode {
  if (results.some((result) => result.state === "failed" && !isEndedByThreshold(result))) return EXIT.runFailed;
  if (results.length === 0 || results.some((result) => result.state === "invalid")) return EXIT.runInvalid;
  return results.some(hasCrossed) ? EXIT.threshold : EXIT.ok;
}

/** The run was given up because of a threshold, and nothing else is wrong with it. */
function isEndedByThreshold({ reasons }: RunResult): boolean {
  return reasons.length > 0 && reasons.every(({ code }) => code === "threshold-crossed");
}

function hasCrossed(result: RunResult): boolean {
  return isEndedByThreshold(result) || crossedThresholds(result).length > 0;
}
