import type { JobSpec } from "./job-spec.ts";

/** Control messages: JSON, one per network message, between coordinator, workers and clients (harness, CLI). */

/** `vertex` + `subtask` name a task; `worker` is the worker that runs it, `address` that worker's network address. */
export interface TaskPlacement {
  readonly vertex: string;
  readonly subtask: number;
  readonly worker: string;
  readonly address: string;
}

export type TaskState = "created" | "running" | "finished" | "failed" | "cancelled";

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
}

export type WorkerToCoordinator =
  | { readonly type: "register"; readonly worker: string; readonly address: string; readonly pid: number }
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
  /** A source has read so much since the last heartbeat that one is due. */
  | { readonly type: "heartbeatDue"; readonly jobId: string; readonly attempt: number }
  /** A receiver lags too far behind the fastest of its replicas. */
  | {
      readonly type: "replicaLagging";
      readonly jobId: string;
      readonly attempt: number;
      readonly vertex: string;
      readonly subtask: number;
    };

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
    }
  | { readonly type: "start"; readonly epoch: number; readonly jobId: string; readonly attempt: number }
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
    }
  | { readonly type: "jobCounters"; readonly jobId: string; readonly tasks: readonly TaskCounters[] }
  | { readonly type: "refused"; readonly failure: Failure };
