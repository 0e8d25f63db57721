import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import type { ClusterClient, JobStateMessage, ReplicaLossMessage } from "../../../engine/shell/cluster-client.ts";
import { type JobShape, taskName } from "../../systems/job-shape.ts";
import { addRecord } from "../record.ts";
import type { CheckpointStatus, ClusterStatus, JobStatus, LostReplica } from "./protocol.ts";

/** Jobs whose shape is known: the present one, and those that are about to be submitted. */
const MOST_SHAPES = 32;
const ENDED: readonly string[] = ["finished", "failed", "cancelled"];

/** What the coordinator tells of jobs, workers and checkpoints: kept for `ps`, and written to the record. */
export class JobWatch {
  readonly #file: string;
  #job: JobStatus | null = null;
  #workers: readonly string[] = [];
  #completed = 0;
  #aborted = 0;
  #last: CheckpointStatus | null = null;
  /** Of the present attempt. */
  #lostReplicas: readonly LostReplica[] = [];
  /** Of the present job and the newest ones: which tasks are replicas of which. */
  readonly #shapes = new Map<string, JobShape["vertices"]>();

  constructor(client: ClusterClient, recordFile: string) {
    this.#file = recordFile;
    client.onState((state) => this.#onState(state));
    client.onWorkers((names) => this.#onWorkers(names));
    client.onReplicaLoss((loss) => this.#onReplicaLoss(loss));
    client.onCheckpointReport(({ report }) => this.#onCheckpoint(report));
    void client.lost.then(({ message }) => this.#onLost(message));
  }

  get job(): JobStatus | null {
    return this.#job;
  }

  get lostReplicas(): readonly LostReplica[] {
    return this.#lostReplicas;
  }

  /** Which tasks of the present job are replicas of which. */
  get vertices(): JobShape["vertices"] {
    return this.#shapes.get(this.#job?.jobId ?? "") ?? {};
  }

  setShape(jobId: string, vertices: JobShape["vertices"]): void {
    this.#shapes.delete(jobId); // the newest is the last one
    this.#shapes.set(jobId, vertices);
    for (const old of this.#shapes.keys()) {
      if (this.#shapes.size <= MOST_SHAPES) break;
      if (old !== this.#job?.jobId) this.#shapes.delete(old);
    }
  }

  get workers(): readonly string[] {
    return this.#workers;
  }

  get checkpoints(): ClusterStatus["checkpoints"] {
    return { completed: this.#completed, aborted: this.#aborted, last: this.#last };
  }

  #onState({ jobId, state, attempt, atUs, failure, restored }: JobStateMessage): void {
    if (this.#job?.jobId !== jobId) {
      this.#completed = 0;
      this.#aborted = 0;
      this.#last = null;
    }
    // Every attempt begins with all replicas.
    if (state === "deploying") this.#lostReplicas = [];
    const atMs = epochMs(atUs);
    const cause = failure?.message ?? null;
    this.#job = { jobId, state, attempt, sinceMs: atMs, cause };
    addRecord(this.#file, { atMs, kind: "job", jobId, state, attempt, cause, restored: restored ?? null });
  }

  #onReplicaLoss({ jobId, attempt, vertex, subtask, worker, atUs, failure }: ReplicaLossMessage): void {
    const atMs = epochMs(atUs);
    const cause = failure.message;
    this.#lostReplicas = [...this.#lostReplicas, { vertex, subtask, atMs, cause }];
    const task = taskName(this.#shapes.get(jobId) ?? {}, vertex, subtask);
    addRecord(this.#file, { atMs, kind: "replica", jobId, attempt, task, worker, cause });
  }

  #onWorkers(names: readonly string[]): void {
    this.#workers = names;
    addRecord(this.#file, { atMs: wallClockMs(), kind: "workers", workers: this.#workers });
  }

  /** Without its coordinator, of which there is one, a cluster has no workers, and no job that has not ended. */
  #onLost(cause: string): void {
    const atMs = wallClockMs();
    this.#onWorkers([]);
    if (this.#job === null || ENDED.includes(this.#job.state)) return;
    this.#job = { ...this.#job, state: "lost", sinceMs: atMs, cause };
    const { jobId, attempt } = this.#job;
    addRecord(this.#file, { atMs, kind: "job", jobId, state: "lost", attempt, cause, restored: null });
  }

  #onCheckpoint({ outcome, checkpointId, endedUs, triggeredUs, bytes }: CheckpointReport): void {
    if (outcome === "aborted") {
      this.#aborted += 1;
      return;
    }
    this.#completed += 1;
    const durationMs = Math.round((endedUs - triggeredUs) / 100) / 10;
    this.#last = { checkpointId, endedMs: epochMs(endedUs), bytes, durationMs };
  }
}

/** Epoch ms of a monotonic time of this machine. */
function epochMs(atUs: number): number {
  return Math.round(wallClockMs() - (monotonicUs() - atUs) / 1000);
}
