import type { LogAddress } from "../ports.ts";

/** A job as submitted: plain JSON, sent to the coordinator and on to every worker. */
export interface JobSpec {
  readonly jobId: string;
  readonly name: string;
  /** URL or absolute path of the module whose default export builds the graph from `parameters`. */
  readonly module: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly sources: Readonly<Record<string, SourceBinding>>;
  readonly sinks: Readonly<Record<string, SinkBinding>>;
  readonly options: JobOptions;
  /** What follows when a worker or a task is lost; default `none`. */
  readonly recovery?: Recovery;
  /** How often and how quickly it starts again; none where `recovery` is `none`, else `DEFAULT_RESTART`. */
  readonly restart?: RestartStrategy;
  /** What is promised of the outputs; default `at-least-once`. */
  readonly guarantee?: Guarantee;
  /** With `recovery: passive`, unless the guarantee is at-most-once: when and how snapshots are taken. */
  readonly checkpoints?: CheckpointSettings;
  /** Folder of a retained checkpoint or savepoint in the store that the first attempt starts from. */
  readonly restoreFrom?: string;
  /** Active replication: watermarks travel on heartbeats; absent: none. */
  readonly replication?: Replication;
  /** true: sources end at the end offsets found when the job starts; false: they run until drained or stopped. */
  readonly bounded: boolean;
}

/**
 * `none`: the job fails. `scratch`: it starts again from the beginning of its input with empty state, so that every output that it had
 * written comes once more: nothing is lost, much is repeated.
 */
export type Recovery = "none" | "scratch" | "passive";

/**
 * `at-most-once`: after a failure the job goes on with empty state at the end of its input. `at-least-once`: from the last checkpoint;
 * outputs written since come again. `exactly-once`: outputs are transactions that commit with the checkpoints.
 */
export type Guarantee = "at-most-once" | "at-least-once" | "exactly-once";

/**
 * How barriers meet at a task with several inputs. `aligned`: channels that have shown the barrier wait for the others. `unaligned` comes
 * later. `at-least-once`: nobody waits, so what follows the first barrier may be in the snapshot. `stop-the-world`: sources stand still until
 * every task has stored its snapshot (a baseline, as in Naiad).
 */
export type BarrierMode = "aligned" | "at-least-once" | "stop-the-world";

export interface CheckpointSettings {
  readonly mode: BarrierMode;
  /** From trigger to trigger, µs. */
  readonly intervalUs: number;
  /** A checkpoint that is not complete after so long is aborted, µs. */
  readonly timeoutUs: number;
  /** Least time from the end of one to the trigger of the next, µs. */
  readonly minPauseUs: number;
  /** So many may fail one after the other; one more fails the job. */
  readonly toleratedFailures: number;
  /** So many complete ones are kept, the newest; at least 1. */
  readonly retain: number;
  /** Keep the checkpoints when the job has ended. */
  readonly keepAtEnd: boolean;
  /** Workers keep a copy of what they last saved, so that survivors restore without the store. */
  readonly localCopies: boolean;
  /** Exactly-once only: a transaction that is open for longer is aborted by the log, ms. Must be longer than any outage. */
  readonly transactionTimeoutMs: number;
}

/** After Flink's strategies of the same names. Delays in µs. */
export type RestartStrategy =
  | { readonly kind: "none" }
  | { readonly kind: "fixed-delay"; readonly attempts: number; readonly delayUs: number }
  | {
      readonly kind: "failure-rate";
      readonly maxFailures: number;
      readonly intervalUs: number;
      readonly delayUs: number;
    }
  | {
      readonly kind: "exponential-delay";
      readonly initialUs: number;
      readonly maxUs: number;
      readonly multiplier: number;
      /** Running so long without a failure sets the delay back to `initialUs`. */
      readonly resetUs: number;
      /** Each delay is drawn from (1 ± jitter) × itself. */
      readonly jitter: number;
    };

/** Replicas of a job's tasks, and the heartbeats that make them number alike. */
export interface Replication {
  /** Replicas of every replicated vertex, 1 … 4. */
  readonly factor: number;
  /** Sources are replicated too, not inner vertices alone. Sinks are not. */
  readonly sources: boolean;
  /** Replicas of these vertices instead, 1 … 4. A vertex has the name of its first operator (`replicasOfOperators`). */
  readonly vertices?: Readonly<Record<string, number>>;
  /** A log of one partition that belongs to this job: its ticks and cuts. */
  readonly cutLog: LogAddress;
  /** Time from heartbeat to heartbeat, µs. */
  readonly heartbeatIntervalUs: number;
  /** A source task that has read so many records since the last heartbeat asks for one; 0: time alone counts. */
  readonly heartbeatRecords: number;
  /** A replica that lags behind the fastest of its group by more than this, on one channel, is given up, bytes. */
  readonly maxLagBytes: number;
  /** What channels of a task hold in memory beyond their windows while the merge waits, bytes; default `DEFAULT_SPILL`. More goes to files. */
  readonly spillAfterBytes?: number;
  /** What they hold in files besides, bytes: an epoch that takes more fails the job, as it would again. */
  readonly maxSpillBytes?: number;
  /** A task that has had no heartbeat for so many intervals says so. */
  readonly silentIntervals: number;
  /** How replicas agree on the order of their inputs; default `liveRobin`. */
  readonly merge?: MergePolicy;
  /** With `merge: none`: run a job that it corrupts all the same, for its cost (`refuseUnordered`). */
  readonly allowUnordered?: boolean;
  /** KaZoo: a log of `OrderPartitions.count` partitions that belongs to this job; absent: the plan has no group that needs one. */
  readonly orderLog?: LogAddress;
  /** KaZoo: a leader whose orders do not come back for so long leaves it to another one, µs; default `DEFAULT_LEASE_US`. */
  readonly leaseUs?: number;
}

/** `none`: elements are taken as they arrive; with replicas the cost baseline, which is right only where the order of channels makes no difference. */
export const MERGE_POLICIES = ["liveRobin", "kaZoo", "timeBias", "none"] as const;
export type MergePolicy = (typeof MERGE_POLICIES)[number];

/** Where the rows of a graph's source come from. */
export interface SourceBinding {
  readonly kind: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
}

/** Where the rows of a graph's sink go. `discard` encodes and counts them, nothing else. */
export interface SinkBinding {
  readonly kind: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
}

export interface JobOptions {
  /** Least time between two flushes of a task's output buffers, µs: the longest that a row waits for others; 0: no row waits. */
  readonly bufferTimeoutUs: number;
  /** Least time between two watermarks of a source, µs: the longest that one waits after its rows; 0: it leaves with them. */
  readonly watermarkIntervalUs: number;
  /** A source partition without records for so long does not hold back the watermark until it has some, ms; 0: every one does. */
  readonly idleTimeoutMs: number;
  /** A partition whose event time leads the slowest one of its source instance by more is not read for a while, ms; 0: all always are. */
  readonly watermarkAlignmentMs: number;
  /** Rest between an answer of a source's log and the next request, ms: fewer requests and larger batches, for half of it more latency. */
  readonly fetchRestMs: number;
  /** Size at which an output buffer is sealed and sent, bytes. */
  readonly bufferBytes: number;
  /** Bytes that may be on their way on one channel before its receiver grants more. */
  readonly channelWindowBytes: number;
  /** Most rows in one column batch. */
  readonly maxBatchRows: number;
  /** An attempt whose workers have not all built their tasks, with the state that they start from, after so long has failed, µs. */
  readonly deployTimeoutUs: number;
  /**
   * A restart waits so long, from the failure on, for as many workers as the job was submitted with, µs; then it goes on with those that
   * are there. 0: it does at once.
   */
  readonly workersWaitUs: number;
}

export const DEFAULT_JOB_OPTIONS: JobOptions = {
  bufferTimeoutUs: 0,
  watermarkIntervalUs: 0,
  idleTimeoutMs: 0,
  watermarkAlignmentMs: 0,
  fetchRestMs: 0,
  bufferBytes: 32 * 1024,
  channelWindowBytes: 512 * 1024,
  maxBatchRows: 4096,
  deployTimeoutUs: 120_000_000,
  workersWaitUs: 0,
};

export const DEFAULT_CHECKPOINTS: CheckpointSettings = {
  mode: "aligned",
  intervalUs: 10_000_000,
  timeoutUs: 60_000_000,
  minPauseUs: 0,
  toleratedFailures: 3,
  retain: 1,
  keepAtEnd: false,
  localCopies: true,
  transactionTimeoutMs: 300_000,
};

/** Longer than any stall of a healthy broker, shorter than an outage that anybody would sit out. */
export const DEFAULT_LEASE_US = 1_000_000;

/** The memory of several tasks of one worker together is less than it has; no disk is full with what waits there by mistake. */
export const DEFAULT_SPILL = { afterBytes: 64 * 1024 * 1024, maxBytes: 4 * 1024 * 1024 * 1024 };

export const DEFAULT_RESTART: RestartStrategy = { kind: "fixed-delay", attempts: 10, delayUs: 0 };

/** When and how snapshots of the job are taken; null: none are. */
export function checkpointsOf({ recovery, guarantee, checkpoints }: JobSpec): CheckpointSettings | null {
  return recovery === "passive" && guarantee !== "at-most-once" ? (checkpoints ?? DEFAULT_CHECKPOINTS) : null;
}

/** Its sinks write transactions: what an attempt has not committed stays until somebody ends it. */
export function leavesTransactions(job: JobSpec): boolean {
  return job.guarantee === "exactly-once" && checkpointsOf(job) !== null;
}

/** How barriers meet at the job's tasks; null: there are none. In replicated jobs they ride on heartbeats, which align them. */
export function barrierModeOf(job: JobSpec): BarrierMode | null {
  const mode = checkpointsOf(job)?.mode ?? null;
  return job.replication === undefined || mode === null ? mode : "aligned";
}
