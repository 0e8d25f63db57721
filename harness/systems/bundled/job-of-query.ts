import { FaultlineError } from "../../../base/errors.ts";
import { DEFAULT_JOB_OPTIONS, type JobOptions, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import { SINK_ID, SOURCE_ID } from "../../../queries/job-ids.ts";
import type { QueryDefinition } from "../../../queries/query.ts";

/** Where a query's events come from or its results go. */
export interface LogBinding {
  readonly kind: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
}

export interface QueryJobOptions {
  readonly jobId: string;
  readonly query: QueryDefinition;
  readonly dataMode: string;
  readonly watermarkDelayMs: number;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly bounded: boolean;
  readonly input: LogBinding;
  readonly output: LogBinding;
  readonly options?: Partial<JobOptions>;
}

/** The bundled engine's job for a query, with identity columns. `query-undefined-on-data` when it has no meaning on this data. */
export function jobOfQuery(options: QueryJobOptions): JobSpec {
  const { query, dataMode: mode, watermarkDelayMs } = options;
  const reason = query.undefinedOn({ mode });
  if (reason !== null) {
    throw new FaultlineError("query-undefined-on-data", `${query.id} has no meaning on this data: ${reason}`);
  }
  return {
    jobId: options.jobId,
    name: query.id,
    module: query.job.href,
    parameters: { watermarkDelayMs, mode, identity: true },
    parallelism: options.parallelism,
    keyGroups: options.keyGroups,
    sources: { [SOURCE_ID]: options.input },
    sinks: { [SINK_ID]: options.output },
    options: { ...DEFAULT_JOB_OPTIONS, ...options.options },
    bounded: options.bounded,
  };
}
