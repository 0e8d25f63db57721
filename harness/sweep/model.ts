import type { WireFormatName } from "../../generators/dataset.ts";
import type { FaultResult } from "../faults/result.ts";
import type { ObserverIsolation } from "../measure/observer-spec.ts";
import type { ReplicationSummary } from "./replication-summary.ts";
import type { MachineLoad, RoleUsage } from "./resource-model.ts";
import type { ThresholdResult } from "./threshold-result.ts";

export type { MachineLoad, ResourceSample, RoleUsage, RuntimeUsage } from "./resource-model.ts";

/** The seam between running (harness/sweep) and judging (harness/verify, analyze, report): what is on disk, and what comes of it. */

/** One point of the sweep's axes. */
export interface Cell {
  /** Short stable name, safe as a file name: `q5-rate-10000`. */
  readonly id: string;
  /** Axis path → value as written in the config: `{"query": "q5", "load.rate": "10k/s"}`. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** It does not run what the sweep is about: it shows what the machine did meanwhile. */
  readonly canary?: true;
}

/** One planned execution. `id` = `<cell>-r<repetition>`; repetitions count from 1. */
export interface PlannedRun {
  readonly id: string;
  readonly cell: Cell;
  readonly repetition: number;
  /** Position in the execution order, from 0, and its random block. */
  readonly order: number;
  readonly block: number;
}

export type RunState = "valid" | "invalid" | "failed";

export const REASON_CODES = [
  // invalid: the number cannot be trusted
  "generator-saturated",
  "fault-not-observed",
  "fault-unplanned",
  "clock-offset",
  "too-few-samples",
  "warm-up-unstable",
  "checker-missing",
  "resource-foreign",
  "config-drift",
  "input-incomplete",
  "observer-saturated",
  "output-incomplete",
  // failed: the run or the system broke, or its output is wrong
  "checker-failed",
  "guarantee-violated",
  "system-failed",
  "feeder-failed",
  "observer-failed",
  "kafka-failed",
  "zookeeper-failed",
  "drain-timeout",
  "threshold-crossed",
  "interrupted",
  "internal",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly hint?: string;
}

/** A setting as the run asked for it, and as it was found when read back from where it counts. */
export interface ReadBack {
  readonly setting: string;
  readonly asked: string;
  readonly found: string;
}

/** `raw/<run>/run.json`: facts of one execution, written once when it ends. Times are monotonic µs unless named otherwise. */
export interface RunRecord {
  readonly version: 1;
  readonly run: PlannedRun;
  /** Resolved configuration of the cell (harness/config), sweep axes applied. */
  readonly config: unknown;
  readonly startUs: number;
  readonly startWallMs: number;
  /** Events of the data set, of all input streams, closing records not counted. */
  readonly events: number;
  /** Of all input streams together; lags are the worst of them. */
  readonly feeder: FeederSummary | null;
  /** By input stream, where there are several. */
  readonly feeders?: Readonly<Record<string, FeederSummary>>;
  /** Observations that the observer says it has written; null when it did not come to its end, absent in older records. */
  readonly observed?: number | null;
  /** Kinds of readers that did not come to the end of the output: a transaction before it stayed open. Absent in older records. */
  readonly heldUp?: readonly ObserverIsolation[];
  /** Settings that were read back when all outputs were out; absent in older records, and of runs that did not come so far. */
  readonly readBack?: readonly ReadBack[];
  /** Monotonic − wall offset (µs) at start and end: their difference bounds the error of comparing with broker times. */
  readonly clockOffsetUs: { readonly start: number; readonly end: number };
  readonly phases: readonly { readonly name: string; readonly startUs: number; readonly endUs: number }[];
  readonly processes: readonly { readonly role: string; readonly pid: number; readonly niceness: number | null }[];
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly system: Readonly<Record<string, unknown>>;
  /** What ended the run early, or []. Analysis adds its own reasons. */
  readonly problems: readonly Reason[];
}

/** The feeder's last word (`done` of generators/feed). Lags in µs. */
export interface FeederSummary {
  readonly sent: number;
  readonly acked: number;
  readonly closingSent: number;
  readonly firstDueUs: number;
  readonly lastDueUs: number;
  readonly finishedUs: number;
  readonly lagUs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
    readonly n: number;
  };
  readonly sendErrors: number;
}

/** Latency of one run, µs. null = not measured or n too small for this percentile. */
export interface LatencySummary {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly n: number;
}

export interface VerifySummary {
  readonly expected: number;
  readonly observed: number;
  readonly matched: number;
  readonly lost: number;
  /** Of the lost ones, those in whose place a wrong row of the same name came; absent where there are none. */
  readonly replaced?: number;
  readonly duplicate: number;
  readonly wrong: number;
  readonly unexpected: number;
  readonly premature: number;
  readonly outOfOrder: number;
}

/** What a read_committed reader saw of a run. */
export interface CommittedView {
  /** null: nothing could be compared. */
  readonly verified: VerifySummary | null;
  /** From due time, warm-up cut. */
  readonly latencyUs: LatencySummary;
}

/** The checkpoints of one run, savepoints included. Medians and maxima are of completed ones; null without any. */
export interface CheckpointSummary {
  readonly completed: number;
  readonly aborted: number;
  readonly durationMs: { readonly median: number | null; readonly max: number | null };
  readonly bytes: { readonly median: number | null; readonly max: number | null };
  /** Longest time that a task waited for barriers, and that it stood still for its copy. */
  readonly alignmentMaxMs: number | null;
  readonly syncMaxMs: number | null;
}

/** One line of `runs.jsonl`, derived from `raw/` and the manifest by `analyze`. */
export interface RunResult {
  readonly version: 1;
  readonly run: PlannedRun;
  readonly state: RunState;
  readonly reasons: readonly Reason[];
  /** What people must know to read the result. */
  readonly notes?: readonly string[];
  /** `verify.plant` of a run into which errors were planted on purpose. */
  readonly planted?: string;
  /** Its outputs may be wrong and are not held against it: it only shows what something else costs. */
  readonly costBaseline?: true;
  readonly query: string;
  readonly system: string;
  /** What the outputs were checked against, and what the system does when it loses a process; absent: not known. */
  readonly guarantee?: string;
  readonly recovery?: string;
  /** From one trigger to the next, ms; absent: the run took no checkpoints. */
  readonly checkpointIntervalMs?: number;
  readonly checkpoints?: CheckpointSummary;
  /** Absent: the run had no replicas. */
  readonly replication?: ReplicationSummary;
  /** How events and output rows were written; absent: not known. */
  readonly dataFormat?: WireFormatName;
  readonly offeredPerSecond: number | null;
  readonly achievedInputPerSecond: number | null;
  readonly achievedOutputPerSecond: number | null;
  /** From due time, read_uncommitted, warm-up cut. */
  readonly latencyUs: LatencySummary;
  /** From the time of sending instead of the due time: hides the feeder's own stalls; for comparison only. */
  readonly uncorrectedLatencyUs: LatencySummary;
  /** From the due time of the last event inside the window; windows only. */
  readonly residenceUs: LatencySummary | null;
  /** What the engine's own stamps say: from taking in the triggering event to giving out the row. Null where rows do not tell. */
  readonly engineLatencyUs?: LatencySummary | null;
  readonly generatorLagUs: LatencySummary;
  /** Observed − log-append time, µs: the observer's own lag. */
  readonly observerLagUs: LatencySummary;
  readonly negativeLatencies: number;
  readonly verified: VerifySummary | null;
  /** The same outputs as readers of committed data saw them; absent where they were not observed. */
  readonly committed?: CommittedView;
  readonly resources: Readonly<Record<string, RoleUsage>>;
  /** What the whole machine did in the measured window; absent: not measured. */
  readonly machine?: MachineLoad;
  readonly warmupCutMs: number;
  readonly measuredMs: number | null;
  readonly events: number;
  /** Growth of the backlog over the measured window, as a share of the offered rate; null: too few seconds with outputs. Absent: no latency is claimed. */
  readonly lagSlope?: number | null;
  /** What the config asks of the run, in its order; absent: nothing. */
  readonly thresholds?: readonly ThresholdResult[];
  /** What was broken on purpose and what it did; absent in runs without faults. */
  readonly faults?: readonly FaultResult[];
}
