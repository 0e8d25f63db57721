import { ERROR_CODES, type ErrorCode, FaultlineError } from "../../base/errors.ts";
import type { Failure } from "../cluster/messages.ts";
import type { JobStateMessage } from "./cluster-client.ts";

/** What another process reported, as an error of this one: with its code where that is one of ours, else `otherwise`. */
export function failureError(failure: Failure, otherwise: ErrorCode): FaultlineError {
  const code = failure.code in ERROR_CODES ? (failure.code as ErrorCode) : otherwise;
  return new FaultlineError(code, failure.message, { context: { failure } });
}

/** Why a job that has ended did not do what was expected of it. */
export function jobFailure(state: JobStateMessage): FaultlineError {
  if (state.failure !== undefined) return failureError(state.failure, "job-failed");
  return new FaultlineError("job-failed", `job ${state.jobId} is ${state.state}`);
}
