import type { LogicalGraph } from "../dataflow/graph.ts";
import type { AbortFate } from "./checkpoint-facts.ts";
import type { JobRecovery, RecoveryEffects } from "./job-recovery.ts";
import type { JobSpec } from "./job-spec.ts";
import type { CoordinatorToWorker, Failure, JobState, TaskPlacement, TaskState } from "./messages.ts";
import type { SnapshotShape } from "./plan-of-job.ts";

/** What a job run does to the world around it. */
export interface JobEffects {
  load(spec: JobSpec, done: (error: Error | null, graph: LogicalGraph | null) => void): void;
  send(worker: string, message: CoordinatorToWorker): void;
  transition(state: JobState, failure: Failure | null): void;
  /** An attempt of this number: no later one of any job has it. */
  attemptBegins(number: number): void;
  /** A replica is lost; its siblings go on. */
  replicaLost(task: TaskPlacement, failure: Failure): void;
  after(delayUs: number, callback: () => void): void;
  /** Makes the recovery of this job, whose snapshots are of this shape. */
  recovery(shape: SnapshotShape, effects: RecoveryEffects): JobRecovery;
}

/** A task or job that has ended; nothing of it runs any more. */
export function isTerminal(state: TaskState | JobState): boolean {
  return state === "finished" || state === "failed" || state === "cancelled";
}

/** A job whose tasks run, or begin to, and are to go on. */
export function isActive(state: JobState): boolean {
  return state === "deploying" || state === "running" || state === "draining";
}

/** What all workers of a job are told, besides to deploy. */
export type JobOrder =
  | { readonly type: "start" | "drain" | "cancel" | "resolve" }
  | { readonly type: "replicaLost"; readonly vertex: string; readonly subtask: number }
  | {
      readonly type: "checkpoint";
      readonly checkpointId: number;
      readonly folder: string;
      readonly atUs: number;
      readonly last: boolean;
    }
  | { readonly type: "checkpointComplete"; readonly checkpointId: number }
  | { readonly type: "checkpointAborted"; readonly checkpointId: number; readonly fate: AbortFate };
