import { FaultlineError } from "../../base/errors.ts";
import { sendControl } from "../cluster/control-codec.ts";
import type { JobSpec } from "../cluster/job-spec.ts";
import { readToClient } from "../cluster/message-shapes.ts";
import type { ClientToCoordinator, CoordinatorToClient, JobState, TaskCounters } from "../cluster/messages.ts";
import type { Connection } from "../ports.ts";
import { failureError, jobFailure } from "./job-failure.ts";
import { connectTcp } from "./tcp-connection.ts";

export type JobStateMessage = Extract<CoordinatorToClient, { readonly type: "jobState" }>;
export type ReplicaLossMessage = Extract<CoordinatorToClient, { readonly type: "replicaLoss" }>;
export type CheckpointPhaseMessage = Extract<CoordinatorToClient, { readonly type: "checkpointPhase" }>;
export type CheckpointReportMessage = Extract<CoordinatorToClient, { readonly type: "checkpointReport" }>;

const ENDED: readonly JobState[] = ["finished", "failed", "cancelled"];
const DEFAULT_ANSWER_MS = 10_000;
const DEFAULT_SAVEPOINT_MS = 60_000;

interface Waiter {
  /** true: settled, forget it. */
  readonly onMessage: (message: CoordinatorToClient) => boolean;
  readonly reject: (error: FaultlineError) => void;
}

/** A client of a running coordinator. All waiting is bounded; everything rejects when the coordinator is gone. */
export class ClusterClient {
  /** Resolves, once, when the connection is gone without `close`. */
  readonly lost: Promise<FaultlineError>;
  readonly #connection: Connection;
  readonly #waiters = new Set<Waiter>();
  readonly #listeners: ((state: JobStateMessage) => void)[] = [];
  readonly #lossListeners: ((loss: ReplicaLossMessage) => void)[] = [];
  readonly #phaseListeners: ((phase: CheckpointPhaseMessage) => void)[] = [];
  readonly #reportListeners: ((report: CheckpointReportMessage) => void)[] = [];
  readonly #workerListeners: ((names: readonly string[]) => void)[] = [];
  readonly #states = new Map<string, JobStateMessage>();
  #lost: FaultlineError | null = null;
  #closed = false;

  /** Connects to `host:port`; a connection that cannot be made shows in the first request. */
  constructor(address: string) {
    let report: (error: FaultlineError) => void;
    this.lost = new Promise((resolve) => {
      report = resolve;
    });
    const lose = (cause: unknown) => {
      this.#lost = new FaultlineError("system-failed", `the coordinator at ${address} is gone`, { cause });
      for (const { reject } of this.#waiters) reject(this.#lost);
      this.#waiters.clear();
      report(this.#lost);
    };
    this.#connection = connectTcp(address, {
      onMessage: (bytes) => {
        try {
          this.#onMessage(readToClient(bytes));
        } catch (error) {
          this.#connection.close();
          lose(error);
        }
      },
      onDrain: () => {},
      onClosed: lose,
    });
    sendControl(this.#connection, { type: "hello", role: "client" } as { readonly type: string });
  }

  /** Calls back on every change of state of every job. */
  onState(listener: (state: JobStateMessage) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls back when a replica is lost whose siblings go on. */
  onReplicaLoss(listener: (loss: ReplicaLossMessage) => void): void {
    this.#lossListeners.push(listener);
  }

  /** Calls back as checkpoints begin, are acknowledged by all tasks, and are complete or aborted. */
  onCheckpointPhase(listener: (phase: CheckpointPhaseMessage) => void): void {
    this.#phaseListeners.push(listener);
  }

  /** Calls back with what became of each checkpoint. */
  onCheckpointReport(listener: (report: CheckpointReportMessage) => void): void {
    this.#reportListeners.push(listener);
  }

  /** Calls back with the names of all registered workers, whenever they change. */
  onWorkers(listener: (names: readonly string[]) => void): void {
    this.#workerListeners.push(listener);
  }

  /** Calls back when the job has ended in another state than `finished`. */
  onFailure(jobId: string, listener: (error: FaultlineError) => void): void {
    this.onState((state) => {
      if (state.jobId === jobId && (state.state === "failed" || state.state === "cancelled"))
        listener(jobFailure(state));
    });
  }

  /** Submits the job, to run when `workers` workers are there. Resolves when the coordinator has it; rejects when it refuses. */
  async submit(job: JobSpec, workers: number, timeoutMs = DEFAULT_ANSWER_MS): Promise<void> {
    const { jobId } = job;
    const answer = this.#await(`an answer to submitting ${jobId}`, timeoutMs, (message) =>
      message.type === "jobState" && message.jobId === jobId ? message : null,
    );
    this.#send({ type: "submit", job, workers });
    await answer;
  }

  /**
   * Resolves with the first state of the job, from now on, that is one of `states`. Rejects when the job ends in another state
   * (with its failure's code and message), when the coordinator is gone, and with `run-failed` after `timeoutMs`.
   */
  async waitFor(jobId: string, states: readonly JobState[], timeoutMs: number): Promise<JobStateMessage> {
    const take = (message: CoordinatorToClient): JobStateMessage | null => {
      if (message.type !== "jobState" || message.jobId !== jobId) return null;
      if (states.includes(message.state)) return message;
      if (ENDED.includes(message.state)) throw jobFailure(message);
      return null;
    };
    const known = this.#states.get(jobId);
    const already = known === undefined ? null : take(known);
    return already ?? this.#await(`job ${jobId} to be ${states.join(" or ")}`, timeoutMs, take);
  }

  /** Lets the sources read what is there and the job finish. */
  drain(jobId: string): void {
    this.#send({ type: "drain", jobId });
  }

  cancel(jobId: string): void {
    this.#send({ type: "cancel", jobId });
  }

  /**
   * Resolves when a checkpoint of the job is complete in `folder` of the store, where it stays; with `stop` the job ends with it. Rejects
   * when there is none.
   */
  async savepoint(jobId: string, folder: string, stop: boolean, timeoutMs = DEFAULT_SAVEPOINT_MS): Promise<void> {
    const answer = this.#await(`savepoint ${folder}`, timeoutMs, (message) => {
      if (message.type !== "savepointEnded" || message.jobId !== jobId || message.folder !== folder) return null;
      if (message.failure !== undefined) throw failureError(message.failure, "checkpoint-failed");
      return true;
    });
    this.#send({ type: "savepoint", jobId, folder, stop });
    await answer;
  }

  counters(jobId: string, timeoutMs = DEFAULT_ANSWER_MS): Promise<readonly TaskCounters[]> {
    const answer = this.#await(`the counters of ${jobId}`, timeoutMs, (message) =>
      message.type === "jobCounters" && message.jobId === jobId ? message.tasks : null,
    );
    this.#send({ type: "counters", jobId });
    return answer;
  }

  /** Ends the cluster: workers first, then the coordinator, which closes this connection. */
  shutdown(): void {
    if (this.#lost === null) this.#send({ type: "shutdown" });
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
    for (const { reject } of this.#waiters) reject(new FaultlineError("system-failed", "the client was closed"));
    this.#waiters.clear();
  }

  #send(message: ClientToCoordinator): void {
    if (!this.#closed && this.#lost === null) sendControl(this.#connection, message);
  }

  #onMessage(message: CoordinatorToClient): void {
    if (message.type === "jobState") {
      this.#states.set(message.jobId, message);
      for (const listener of this.#listeners) listener(message);
    } else if (message.type === "replicaLoss") {
      for (const listener of this.#lossListeners) listener(message);
    } else if (message.type === "checkpointPhase") {
      for (const listener of this.#phaseListeners) listener(message);
    } else if (message.type === "checkpointReport") {
      for (const listener of this.#reportListeners) listener(message);
    } else if (message.type === "workers") {
      for (const listener of this.#workerListeners) listener(message.workers.map(({ worker }) => worker));
    }
    for (const waiter of this.#waiters) if (waiter.onMessage(message)) this.#waiters.delete(waiter);
  }

  /** The first message from which `take` makes something. What it throws, a refusal, and the time's end reject. */
  #await<T>(what: string, timeoutMs: number, take: (message: CoordinatorToClient) => T | null): Promise<T> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        onMessage: (message) => {
          try {
            if (message.type === "refused") throw failureError(message.failure, "job-invalid");
            const taken = take(message);
            if (taken === null) return false;
            resolve(taken);
          } catch (error) {
            reject(error);
          }
          clearTimeout(timer);
          return true;
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new FaultlineError("run-failed", `waited ${timeoutMs} ms for ${what}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }
}
