import { FaultlineError } from "../../base/errors.ts";
import type { Recovery } from "./job-spec.ts";
import type { Failure } from "./messages.ts";

export type RestartDecision = { readonly kind: "fail"; readonly failure: Failure } | { readonly kind: "restart" };

/** Restarts of one job before it is given up: a job that always fails must not run for ever. */
export const MAX_RESTARTS = 10;

/** Longest a restart may take from the failure to the new deployment: tasks must end and a worker must be there. */
export const RESTART_TIMEOUT_US = 30_000_000;

/** What follows a failure of a job that was restarted `restarts` times already. The one place where restart strategies decide. Pure. */
export function decideRestart(failure: Failure, recovery: Recovery, restarts: number): RestartDecision {
  // A job that cannot be built fails the same way each time.
  if (recovery === "none" || failure.code === "job-invalid") return { kind: "fail", failure };
  if (restarts < MAX_RESTARTS) return { kind: "restart" };
  return { kind: "fail", failure: { ...failure, message: `${failure.message} (given up after ${restarts} restarts)` } };
}

/** Why a job that was to start again has not: `open` tasks have not ended, or nobody is there; `reason` is what made it necessary. */
export function restartTimedOut(open: readonly string[], reason: string): FaultlineError {
  const why = open.length > 0 ? `tasks have not ended: ${open.join(", ")}` : "there is no worker";
  const limit = `no restart within ${RESTART_TIMEOUT_US / 1e6} s`;
  return new FaultlineError("job-failed", `${limit}, ${why}; it was needed because ${reason}`);
}
