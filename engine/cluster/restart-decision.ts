import type { Failure } from "./messages.ts";

export type RestartDecision = { readonly kind: "fail" };

/** What follows a failure of a job. The one place where restart strategies decide; so far every failure ends the job. */
export function decideRestart(_failure: Failure): RestartDecision {
  return { kind: "fail" };
}
