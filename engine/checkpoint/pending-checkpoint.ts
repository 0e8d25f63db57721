import type {
  CheckpointReport,
  SnapshotCost,
  SnapshotHandle,
  TaskSnapshotReport,
} from "../cluster/checkpoint-facts.ts";
import type { CheckpointMetadata } from "./metadata.ts";

export interface CheckpointTask {
  readonly vertex: string;
  readonly subtask: number;
}

/** Why a checkpoint is taken: its time has come, somebody wants a savepoint, all tasks have ended. */
export type CheckpointKind = "periodic" | "savepoint" | "final";

export interface CheckpointFacts {
  readonly checkpointId: number;
  readonly attempt: number;
  readonly kind: CheckpointKind;
  readonly folder: string;
  /** The job ends with it. */
  readonly last: boolean;
  readonly triggeredUs: number;
}

/** One checkpoint in progress: which tasks have stored their part, and what that cost. */
export class PendingCheckpoint {
  readonly facts: CheckpointFacts;
  readonly #tasks: readonly CheckpointTask[];
  readonly #missing: Set<string>;
  readonly #handles: SnapshotHandle[] = [];
  readonly #costs: TaskSnapshotReport[] = [];
  #acknowledgedUs: number | null = null;

  constructor(facts: CheckpointFacts, tasks: readonly CheckpointTask[]) {
    this.facts = facts;
    this.#tasks = tasks;
    this.#missing = new Set(tasks.map(nameOf));
  }

  /** Every task has stored its part. */
  get isAcknowledged(): boolean {
    return this.#acknowledgedUs !== null;
  }

  /** Tasks that have not stored their part. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  isOf(task: CheckpointTask): boolean {
    return this.#tasks.some(({ vertex, subtask }) => vertex === task.vertex && subtask === task.subtask);
  }

  /** A task has stored its part; false when it had already, or is none of the checkpoint's. */
  acknowledge(handle: SnapshotHandle, cost: SnapshotCost, nowUs: number): boolean {
    if (!this.#missing.delete(nameOf(handle))) return false;
    this.#handles.push(handle);
    this.#costs.push({ vertex: handle.vertex, subtask: handle.subtask, ...cost });
    if (this.#missing.size === 0) this.#acknowledgedUs = nowUs;
    return true;
  }

  metadata(jobId: string, graphHash: string, timeUs: number): CheckpointMetadata {
    const { checkpointId, attempt, kind } = this.facts;
    const parallelism: Record<string, number> = {};
    for (const { vertex } of this.#tasks) parallelism[vertex] = (parallelism[vertex] ?? 0) + 1;
    const about = { checkpointId, jobId, graphHash, attempt, timeUs, isSavepoint: kind === "savepoint" };
    return { ...about, parallelism, snapshots: this.#handles };
  }

  /** `reason` it was aborted for; null: it is complete. */
  report(reason: string | null, endedUs: number): CheckpointReport {
    const { checkpointId, attempt, kind, folder, triggeredUs } = this.facts;
    return {
      checkpointId,
      attempt,
      outcome: reason === null ? "completed" : "aborted",
      isSavepoint: kind === "savepoint",
      folder,
      triggeredUs,
      acknowledgedUs: this.#acknowledgedUs,
      endedUs,
      bytes: this.#handles.reduce((sum, { bytes }) => sum + bytes, 0),
      ...(reason === null ? {} : { reason }),
      tasks: this.#costs,
    };
  }
}

function nameOf({ vertex, subtask }: CheckpointTask): string {
  return `${vertex}/${subtask}`;
}
