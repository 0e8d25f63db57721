import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { FaultRecord } from "../../faults/model.ts";
import type { FaultSpec } from "../../faults/schema.ts";
import type { JobShape } from "../../systems/job-shape.ts";

/** Argument of the keeper process. */
export interface KeeperSpec {
  /** Absolute. */
  readonly directory: string;
  readonly workers: number;
  readonly spares: number;
  readonly kafka: boolean;
  /** A ZooKeeper too, by which leaders of replica groups are elected. */
  readonly zookeeper: boolean;
  /** Zones that workers are in, taken in turn; []: none. */
  readonly zones: readonly string[];
  readonly seed: number;
}

/** What a command asks the keeper: one JSON line a connection; a line with the answer comes back. */
export type KeeperRequest =
  | { readonly ask: "status" }
  | { readonly ask: "addWorker" }
  /** A job is about to be submitted: which of its tasks are replicas of which. */
  | { readonly ask: "shape"; readonly jobId: string; readonly vertices: JobShape["vertices"] }
  | { readonly ask: "fault"; readonly fault: FaultSpec }
  | { readonly ask: "down" };

export interface KeeperAnswers {
  readonly status: ClusterStatus;
  readonly addWorker: { readonly worker: string; readonly pid: number };
  readonly shape: Record<string, never>;
  readonly fault: FaultRecord;
  readonly down: Record<string, never>;
}

export type KeeperReply =
  | { readonly ok: true; readonly answer: KeeperAnswers[keyof KeeperAnswers] }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint?: string };

/** First lines that the keeper writes to its stdout. */
export type KeeperLine =
  | { readonly progress: string }
  | { readonly ready: true }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

export interface ClusterStatus {
  readonly processes: readonly ProcessStatus[];
  /** Names of the workers that the coordinator has. */
  readonly workers: readonly string[];
  /** The present job, or the last one; null before the first. */
  readonly job: JobStatus | null;
  /** Of the present job; [] where none runs. */
  readonly tasks: readonly TaskCounters[];
  /** Why nobody told of the tasks of a job that runs; null: they were told, or none runs. */
  readonly tasksProblem: string | null;
  /** Of the present job: which of them are replicas of which. */
  readonly vertices: JobShape["vertices"];
  /** Replicas of the present attempt that are lost, while their siblings go on. */
  readonly lostReplicas: readonly LostReplica[];
  readonly checkpoints: {
    readonly completed: number;
    readonly aborted: number;
    readonly last: CheckpointStatus | null;
  };
}

export interface ProcessStatus {
  readonly role: string;
  readonly pid: number;
  /** `standing`: it is stopped by a signal. */
  readonly state: "alive" | "standing" | "ended";
  /** How it ended. */
  readonly end: string | null;
  /** That it is in. */
  readonly zone?: string;
}

export interface LostReplica {
  readonly vertex: string;
  readonly subtask: number;
  readonly atMs: number;
  readonly cause: string;
}

export interface JobStatus {
  readonly jobId: string;
  readonly state: string;
  readonly attempt: number;
  readonly sinceMs: number;
  readonly cause: string | null;
}

export interface CheckpointStatus {
  readonly checkpointId: number;
  readonly endedMs: number;
  readonly bytes: number;
  readonly durationMs: number;
}
