import { FaultlineError } from "../../../base/errors.ts";

export const MOST_STAGES = 32;
export const MOST_SOURCES = 3;

/** Parameters of a pipeline's job. */
interface PipelineParameters {
  readonly watermarkDelayMs: number;
  /** Input streams, 1 … 3. */
  readonly sources: number;
  /** Operators one behind the other, each behind an exchange of its own. */
  readonly stages: number;
  /** Every stage counts the events of a key; else it does nothing. */
  readonly keyed: boolean;
}

/** Checks and types the job's parameters; `job-invalid` names the first bad one. */
export function pipelineParameters(parameters: Readonly<Record<string, unknown>>): PipelineParameters {
  const { watermarkDelayMs, sources, stages, keyed, identity: _noIdentity, mode: _mode, ...others } = parameters;
  if (typeof keyed !== "boolean") throw invalid("keyed", keyed, "true or false");
  for (const name of Object.keys(others)) throw invalid(name, others[name], "no parameter of this job");
  return {
    watermarkDelayMs: whole("watermarkDelayMs", watermarkDelayMs, 0, Number.MAX_SAFE_INTEGER),
    sources: whole("sources", sources, 1, MOST_SOURCES),
    stages: whole("stages", stages, 1, MOST_STAGES),
    keyed,
  };
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, value, `an integer from ${least} to ${most}`);
}

function invalid(name: string, value: unknown, wanted: string): FaultlineError {
  return new FaultlineError("job-invalid", `parameter ${name} is ${JSON.stringify(value)}: it must be ${wanted}`);
}
