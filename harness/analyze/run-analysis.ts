import type { CheckpointReport } from "../../engine/cluster/checkpoint-facts.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import type { FrozenHistogram } from "../measure/latency-histogram.ts";
import type { SamplerCost } from "../measure/sampler.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import type { JobStateRecord } from "../systems/system.ts";
import type { Example } from "../verify/examples.ts";
import type { FaultSeries } from "./faults/fault-drawing.ts";
import type { LagInterval } from "./lag-log.ts";
import type { ReplicationAnalysis } from "./replication/replication.ts";
import type { RoleSecond } from "./resource-usage.ts";
import type { StampedOutput, Tag } from "./run-recorder.ts";
import type { OperatorLoad, TaskStep } from "./tasks/task-series.ts";
import type { WarmUp } from "./warm-up.ts";

/** Everything that comes of one run: the result line and what series, histograms and report need besides. */
export interface RunAnalysis {
  readonly result: RunResult;
  readonly record: RunRecord;
  readonly query: QueryDefinition<NexmarkEvent> | null;
  readonly examples: readonly Example[];
  /** Of what readers of committed data saw; [] where they were not observed. */
  readonly committedExamples: readonly Example[];
  /** What the job's coordinator told of it; [] where it tells nothing. */
  readonly checkpoints: readonly CheckpointReport[];
  readonly jobStates: readonly JobStateRecord[];
  /** null: the run had no replicas. */
  readonly replication: ReplicationAnalysis | null;
  /** What its tasks did from second to second, and its operators in the measured window; [] where the system does not tell. */
  readonly taskSteps: readonly TaskStep[];
  readonly operators: readonly OperatorLoad[];
  /** Whole histograms per second from the first due time. */
  readonly intervals: Readonly<Record<Tag, readonly IntervalHistogram[]>>;
  /** The feeder's own lag histograms; [] when it left none. */
  readonly lagLog: readonly LagInterval[];
  /** Per second from the first due time; null = not known. */
  readonly offered: readonly number[];
  readonly inputs: readonly number[] | null;
  readonly outputs: readonly number[];
  /** Events that were sent and that the system had not read, at the last look of each second; null = not known. */
  readonly consumerLag: readonly (number | null)[];
  /** Outputs that readers of committed data saw; null where they were not observed. */
  readonly committedOutputs: readonly number[] | null;
  readonly roles: ReadonlyMap<string, readonly RoleSecond[]>;
  /** What sampling CPU and memory took itself; null when it is not known. */
  readonly samplerCost: SamplerCost | null;
  /** Where the warm-up ends by the run's own latency. */
  readonly warmUp: WarmUp;
  /** What happened around each fault, for its figure; [] without faults. */
  readonly faultSeries: readonly (FaultSeries | null)[];
  /** Latencies of the measured window. */
  readonly measured: FrozenHistogram;
  /** Every matched output with the engine's stamps; [] for queries whose rows do not tell. */
  readonly stamped: readonly StampedOutput[];
}
