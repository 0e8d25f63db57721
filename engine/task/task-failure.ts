import { asFaultlineError, type ErrorCode, FaultlineError } from "../../base/errors.ts";
import type { Failure } from "../cluster/messages.ts";

/** An error as it travels in control messages; `where` says what failed and goes before the message. */
export function taskFailure(error: unknown, where: string, code: ErrorCode = "job-failed"): Failure {
  const known = asFaultlineError(error, code);
  const hint = known.hint === undefined ? "" : ` (${known.hint})`;
  return {
    code: known.code,
    message: `${where}: ${known.message}${hint}`,
    ...(known.stack === undefined ? {} : { stack: known.stack }),
  };
}

/** Nobody is left who could do what `who` did. */
export function allReplicasLost(who: string): FaultlineError {
  return new FaultlineError("worker-lost", `all replicas of ${who} are lost`);
}
