import type {
  AbortFate,
  CheckpointPhase,
  CheckpointReport,
  RestorePoint,
  SnapshotCost,
  SnapshotHandle,
} from "./checkpoint-facts.ts";
import type { JobSpec } from "./job-spec.ts";
import type { DescribeOutput, OutputReport } from "./output-messages.ts";

/** Control messages: JSON, one per network message, between coordinator, workers and clients (harness, CLI). */

/** `vertex` + `subtask` name a task; `worker` is the worker that runs it, `address` that worker's network address. */
export interface TaskPlacement {
  readonly vertex: string;
  readonly subtask: number;
  readonly worker: string;
  readonly address: string;
}

/** `ended`: the input has ended and all output is acknowledged; only the checkpoint that covers this is still to come. */
export type TaskState = "created" | "running" | "ended" | "finished" | "failed" | "cancelled";

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
}

export type WorkerToCoordinator =
  | {
      readonly type: "register";
      readonly worker: string;
      readonly address: string;
      readonly pid: number;
      /** What fails together with it; absent: nothing else does. */
      readonly zone?: string | undefined;
    }
  | { readonly type: "deployed"; readonly jobId: string; readonly attempt: number }
  | {
      readonly type: "taskState";
      readonly jobId: string;
      readonly attempt: number;
      readonly vertex: string;
      readonly subtask: number;
      readonly state: TaskState;
      readonly failure?: Failure;
    }
  | {
      readonly type: "counters";
      readonly jobId: string;
      readonly attempt: number;
      readonly tasks: readonly TaskCounters[];
    }
  /** The task's part of a checkpoint is in the store. */
  | {
      readonly type: "snapshotStored";
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
      readonly handle: SnapshotHandle;
      readonly cost: SnapshotCost;
    }
  | {
      readonly type: "snapshotFailed";
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
      readonly vertex: string;
      readonly subtask: number;
      readonly failure: Failure;
    }
  /** A source has read so much since the last heartbeat that one is due. */
  | { readonly type: "heartbeatDue"; readonly jobId: string; readonly attempt: number }
  /** A receiver lags too far behind the fastest of its replicas. */
  | {
      readonly type: "replicaLagging";
      readonly jobId: string;
      readonly attempt: number;
      readonly vertex: string;
      readonly subtask: number;
    }
  | OutputReport;

/** From the worker's liveness thread, over a connection of its own. `progress` is the main loop's turn counter. */
export type LivenessToCoordinator = { readonly type: "alive"; readonly worker: string; readonly progress: number };

export type CoordinatorToWorker =
  | { readonly type: "registered"; readonly epoch: number }
  | {
      readonly type: "deploy";
      readonly epoch: number;
      readonly attempt: number;
      readonly job: JobSpec;
      readonly placements: readonly TaskPlacement[];
      /** null: with empty state. */
      readonly restore: RestorePoint | null;
      /** Sources begin at the present end of their logs (at-most-once after a failure). */
      readonly fromEnd: boolean;
      /** Nothing will run: the placements are sinks, which are to end what earlier attempts have left open. */
      readonly resolves?: boolean;
    }
  /** The worker is spare while this job runs: it loads what it will need if it takes a lost one's place. */
  | { readonly type: "prepare"; readonly epoch: number; readonly job: JobSpec }
  /** Sources send the barrier of this checkpoint now. `atUs`: the coordinator's clock. */
  | {
      readonly type: "checkpoint";
      readonly epoch: number;
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
      readonly folder: string;
      readonly atUs: number;
      /** Sources read nothing after the barrier: the job ends with this checkpoint (stop-with-savepoint). */
      readonly last: boolean;
    }
  /** Complete: what was prepared for it may be committed. */
  | {
      readonly type: "checkpointComplete";
      readonly epoch: number;
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
    }
  | {
      readonly type: "checkpointAborted";
      readonly epoch: number;
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
      /** Told again when it changes. */
      readonly fate: AbortFate;
    }
  | { readonly type: "start"; readonly epoch: number; readonly jobId: string; readonly attempt: number }
  /** Instead of `start`: sinks end the transactions that earlier attempts have left, nothing runs. */
  | { readonly type: "resolve"; readonly epoch: number; readonly jobId: string; readonly attempt: number }
  | { readonly type: "drain"; readonly epoch: number; readonly jobId: string; readonly attempt: number }
  | { readonly type: "cancel"; readonly epoch: number; readonly jobId: string; readonly attempt: number }
  /** This replica is no longer part of the job: it ends, and nobody sends to it or waits for it. */
  | {
      readonly type: "replicaLost";
      readonly epoch: number;
      readonly jobId: string;
      readonly attempt: number;
      readonly vertex: string;
      readonly subtask: number;
    }
  | DescribeOutput
  | { readonly type: "report"; readonly epoch: number; readonly jobId: string }
  | { readonly type: "shutdown"; readonly epoch: number };

/**
 * Counters of one task since it started. `custom`: what operators, source and sink count (`lateRows`, `undecodable` …), summed over
 * the task, and `longestStepUs`, the longest that the task has kept its worker's main loop.
 */
export interface TaskCounters {
  readonly vertex: string;
  readonly subtask: number;
  /** The worker that runs it; the coordinator fills it in. */
  readonly worker?: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesOut: number;
  readonly busyUs: number;
  readonly blockedUs: number;
  readonly watermarkMs: number | null;
  readonly custom: Readonly<Record<string, number>>;
}

export type JobState =
  | "created"
  | "deploying"
  | "running"
  | "draining"
  | "restarting"
  | "finished"
  | "failing"
  | "failed"
  | "cancelling"
  | "cancelled";

export type ClientToCoordinator =
  | { readonly type: "submit"; readonly job: JobSpec; readonly workers: number }
  | { readonly type: "drain"; readonly jobId: string }
  | { readonly type: "cancel"; readonly jobId: string }
  | { readonly type: "counters"; readonly jobId: string }
  /** A checkpoint that is kept, in `folder` of the store; with `stop` the job ends with it. */
  | { readonly type: "savepoint"; readonly jobId: string; readonly folder: string; readonly stop: boolean }
  | { readonly type: "shutdown" };

export type CoordinatorToClient =
  | { readonly type: "workers"; readonly workers: readonly { readonly worker: string; readonly pid: number }[] }
  | {
      readonly type: "jobState";
      readonly jobId: string;
      readonly attempt: number;
      readonly state: JobState;
      /** Monotonic µs at which the coordinator saw the transition. */
      readonly atUs: number;
      readonly failure?: Failure;
      /** Checkpoint that this attempt starts from. */
      readonly restored?: number;
      /** `deploying`: on so many workers fewer than the job was submitted with. */
      readonly workersMissing?: number;
    }
  /** A replica is lost; its siblings go on, and the job with them. */
  | {
      readonly type: "replicaLoss";
      readonly jobId: string;
      readonly attempt: number;
      readonly vertex: string;
      readonly subtask: number;
      readonly worker: string;
      readonly atUs: number;
      readonly failure: Failure;
    }
  /** Phases of checkpoints, as they come: for those who want to strike in the middle of one. */
  | {
      readonly type: "checkpointPhase";
      readonly jobId: string;
      readonly attempt: number;
      readonly checkpointId: number;
      readonly phase: CheckpointPhase;
      readonly atUs: number;
    }
  | { readonly type: "checkpointReport"; readonly jobId: string; readonly report: CheckpointReport }
  | { readonly type: "jobCounters"; readonly jobId: string; readonly tasks: readonly TaskCounters[] }
  /** Answers `savepoint`: it is complete, or not possible. */
  | { readonly type: "savepointEnded"; readonly jobId: string; readonly folder: string; readonly failure?: Failure }
  | { readonly type: "refused"; readonly failure: Failure };
