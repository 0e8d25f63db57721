import { FaultlineError } from "../../base/errors.ts";

/** Parameters of every Nexmark job, as the job specification carries them. */
export interface NexmarkJobParameters {
  /** Watermark = largest dateTime of a partition − this. */
  readonly watermarkDelayMs: number;
  readonly mode: "classic" | "head";
  /** Of events and output rows; json unless given. */
  readonly format: "json" | "binary";
  /** Write the identity columns, too. */
  readonly identity: boolean;
}

/** Checks and types a job's parameters; `job-invalid` names the first bad one. */
export function nexmarkParameters(parameters: Readonly<Record<string, unknown>>): NexmarkJobParameters {
  const { watermarkDelayMs, mode, identity, format = "json", ...others } = parameters;
  if (typeof watermarkDelayMs !== "number" || !Number.isInteger(watermarkDelayMs) || watermarkDelayMs < 0) {
    throw invalid("watermarkDelayMs", watermarkDelayMs, "an integer of at least 0");
  }
  if (mode !== "classic" && mode !== "head") throw invalid("mode", mode, "classic or head");
  if (typeof identity !== "boolean") throw invalid("identity", identity, "true or false");
  if (format !== "json" && format !== "binary") throw invalid("format", format, "json or binary");
  for (const name of Object.keys(others)) throw invalid(name, others[name], "no parameter of this job");
  return { watermarkDelayMs, mode, identity, format };
}

function invalid(name: string, value: unknown, wanted: string): FaultlineError {
  return new FaultlineError("job-invalid", `parameter ${name} is ${JSON.stringify(value)}: it must be ${wanted}`);
}
