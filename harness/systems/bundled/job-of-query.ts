import { FaultlineError } from "../../../base/errors.ts";
import {
  type CheckpointSettings,
  DEFAULT_JOB_OPTIONS,
  type Guarantee,
  type JobOptions,
  type JobSpec,
  type Recovery,
  type Replication,
  type RestartStrategy,
} from "../../../engine/cluster/job-spec.ts";
import type { WireFormatName } from "../../../generators/dataset.ts";
import { SINK_ID } from "../../../queries/job-ids.ts";
import type { QueryDefinition } from "../../../queries/query.ts";
import type { EngineSettings } from "../system.ts";

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
  /** In place of the query's own `jobParameters`. */
  readonly jobParameters?: Readonly<Record<string, unknown>>;
  /** Of events and output rows; default json. */
  readonly format?: WireFormatName;
  readonly watermarkDelayMs: number;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly bounded: boolean;
  /** By source of the job. */
  readonly inputs: Readonly<Record<string, LogBinding>>;
  readonly output: LogBinding;
  readonly options?: Partial<JobOptions>;
  readonly recovery?: Recovery;
  readonly guarantee?: Guarantee;
  readonly checkpoints?: CheckpointSettings;
  readonly restart?: RestartStrategy;
  readonly replication?: Replication;
  /** Folder of a checkpoint or savepoint to start from. */
  readonly restoreFrom?: string;
}

/** What the engine's settings say of a job; what they do not is the engine's own. */
export function jobOptionsOf(engine: EngineSettings): Partial<JobOptions> {
  const { bufferTimeoutUs, watermarkIntervalUs, watermarkAlignmentMs, fetchRestMs } = engine;
  const { deployTimeoutUs, workersWaitUs } = engine;
  return {
    ...{ bufferTimeoutUs, watermarkIntervalUs, watermarkAlignmentMs, fetchRestMs },
    ...(deployTimeoutUs === undefined ? {} : { deployTimeoutUs }),
    ...(workersWaitUs === undefined ? {} : { workersWaitUs }),
  };
}

/** The bundled engine's job for a query, with identity columns. `query-undefined-on-data` when it has no meaning on this data. */
export function jobOfQuery(options: QueryJobOptions): JobSpec {
  const { query, dataMode: mode, format, watermarkDelayMs } = options;
  const reason = query.undefinedOn({ mode });
  if (reason !== null) {
    throw new FaultlineError("query-undefined-on-data", `${query.id} has no meaning on this data: ${reason}`);
  }
  return {
    jobId: options.jobId,
    name: query.id,
    module: query.job.href,
    parameters: {
      ...{ watermarkDelayMs, mode, identity: true },
      ...(format === "binary" ? { format } : {}),
      ...query.jobParameters,
      ...options.jobParameters,
    },
    parallelism: options.parallelism,
    keyGroups: options.keyGroups,
    sources: options.inputs,
    sinks: { [SINK_ID]: options.output },
    options: { ...DEFAULT_JOB_OPTIONS, ...options.options },
    recovery: options.recovery ?? "none",
    ...(options.guarantee === undefined ? {} : { guarantee: options.guarantee }),
    ...(options.checkpoints === undefined ? {} : { checkpoints: options.checkpoints }),
    ...(options.restart === undefined ? {} : { restart: options.restart }),
    ...(options.replication === undefined ? {} : { replication: options.replication }),
    ...(options.restoreFrom === undefined ? {} : { restoreFrom: options.restoreFrom }),
    bounded: options.bounded,
  };
}
