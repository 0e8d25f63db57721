import { FaultlineError } from "../../base/errors.ts";

interface BetterCloudJobParameters {
  readonly watermarkDelayMs: number;
  /** Write the events' sequence numbers, too. */
  readonly identity: boolean;
}

/** Checks and types the job's parameters; `job-invalid` names the first bad one. */
export function betterCloudParameters(parameters: Readonly<Record<string, unknown>>): BetterCloudJobParameters {
  const { watermarkDelayMs, identity, mode: _mode, ...others } = parameters;
  if (typeof watermarkDelayMs !== "number" || !Number.isInteger(watermarkDelayMs) || watermarkDelayMs < 0) {
    throw invalid("watermarkDelayMs", watermarkDelayMs, "an integer of at least 0");
  }
  if (typeof identity !== "boolean") throw invalid("identity", identity, "true or false");
  for (const name of Object.keys(others)) throw invalid(name, others[name], "no parameter of this job");
  return { watermarkDelayMs, identity };
}

function invalid(name: string, value: unknown, wanted: string): FaultlineError {
  return new FaultlineError("job-invalid", `parameter ${name} is ${JSON.stringify(value)}: it must be ${wanted}`);
}
