import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import {
  type CheckpointSettings,
  DEFAULT_CHECKPOINTS,
  DEFAULT_JOB_OPTIONS,
  type Guarantee,
  type JobSpec,
  type Recovery,
  type Replication,
  type RestartStrategy,
  type SinkBinding,
  type SourceBinding,
} from "../../../engine/cluster/job-spec.ts";
import { SOCKET_LOG } from "../../../engine/connectors/socket/replay.ts";
import { LINES_LOG } from "../../../engine/shell/lines-log.ts";
import { SUPPLIED_LOG, type SuppliedLogSpec } from "../../../engine/shell/supplied-log.ts";
import { entryUrl } from "../../services/entry-point.ts";
import type { GeneratedInput } from "./generated-input.ts";
import type { HandJob } from "./hand-job.ts";

/** Where a job's input comes from. */
export type HandInput =
  | { readonly kind: "socket"; readonly address: string }
  | { readonly kind: "topic"; readonly brokers: readonly string[]; readonly topic: string; readonly partitions: number }
  | {
      readonly kind: "generate";
      readonly events: number;
      readonly ratePerSecond: number | null;
      readonly options: Readonly<Record<string, unknown>>;
    };

/** Where its rows go: to files, unless a topic is named. */
export type HandOutput = { readonly kind: "files" } | Extract<HandInput, { readonly kind: "topic" }>;

export interface Submission {
  readonly jobId: string;
  readonly job: HandJob;
  readonly parallelism: number;
  readonly input: HandInput;
  readonly output: HandOutput;
  readonly recovery: Recovery;
  /** Of its inner tasks, with checkpoints underneath; absent: none. */
  readonly replication?: Replication;
  readonly guarantee?: Guarantee;
  readonly checkpoints?: Partial<CheckpointSettings>;
  readonly restart?: RestartStrategy;
  readonly restoreFrom?: string;
  /** Epoch ms at which a paced input begins. */
  readonly nowMs: number;
}

const KEY_GROUPS = 128;

/** The job as the coordinator takes it. `outputFolder`: of all jobs' files. `usage` for what cannot be combined. */
export function jobSpecOf(submission: Submission, outputFolder: string): JobSpec {
  const {
    job,
    jobId,
    parallelism,
    input,
    output,
    recovery,
    guarantee,
    checkpoints,
    restart,
    restoreFrom,
    replication,
  } = submission;
  if (guarantee === "exactly-once" && output.kind === "files") {
    throw new FaultlineError("usage", "exactly-once needs an output topic: files take no transactions", {
      hint: "Start the cluster with --kafka and submit with --output TOPIC.",
    });
  }
  const source = sourceBinding(submission);
  const sink: SinkBinding =
    output.kind === "topic"
      ? { kind: "kafka", brokers: output.brokers, topic: output.topic, partitions: output.partitions }
      : { kind: LINES_LOG, brokers: [], topic: join(outputFolder, jobId), partitions: parallelism };
  return {
    jobId,
    name: job.name,
    module: job.module,
    parameters: job.parameters,
    parallelism,
    keyGroups: Math.max(KEY_GROUPS, parallelism),
    sources: Object.fromEntries(job.sources.map((id) => [id, source])),
    sinks: Object.fromEntries(job.sinks.map((id) => [id, sink])),
    options: DEFAULT_JOB_OPTIONS,
    recovery,
    ...(guarantee === undefined ? {} : { guarantee }),
    ...(recovery === "passive" ? { checkpoints: { ...DEFAULT_CHECKPOINTS, ...checkpoints } } : {}),
    ...(restart === undefined ? {} : { restart }),
    ...(restoreFrom === undefined ? {} : { restoreFrom }),
    ...(replication === undefined ? {} : { replication }),
    bounded: input.kind !== "topic",
  };
}

function sourceBinding({ input, job, parallelism, nowMs }: Submission): SourceBinding {
  switch (input.kind) {
    case "socket":
      return { kind: SOCKET_LOG, brokers: [], topic: input.address, partitions: 1 };
    case "topic":
      return { kind: "kafka", brokers: input.brokers, topic: input.topic, partitions: input.partitions };
    case "generate": {
      const spec: SuppliedLogSpec = {
        module: entryUrl(import.meta.url, "./generated-input"),
        parameters: { ...generated(job, input, parallelism) },
        ...(input.ratePerSecond === null ? {} : { pace: { ratePerSecond: input.ratePerSecond, startMs: nowMs } }),
      };
      return { kind: SUPPLIED_LOG, brokers: [], topic: JSON.stringify(spec), partitions: parallelism };
    }
  }
}

function generated(
  { generator, name }: HandJob,
  { events, options }: Extract<HandInput, { readonly kind: "generate" }>,
  partitions: number,
): GeneratedInput {
  if (generator === "words") return { generator, partitions, lines: events, options };
  if (generator === "nexmark") return { generator, partitions, options: { ...options, events } };
  throw new FaultlineError("usage", `nothing generates the input of ${name}`, {
    hint: "Give it a topic (--topic) or a socket (--socket).",
  });
}
