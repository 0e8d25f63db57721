import type { CheckpointReport } from "../cluster/checkpoint-facts.ts";
import { sendControl } from "../cluster/control-codec.ts";
import type { JobSpec } from "../cluster/job-spec.ts";
import { readToClient } from "../cluster/message-shapes.ts";
import type { ClientToCoordinator, CoordinatorToClient, Failure, TaskCounters } from "../cluster/messages.ts";
import type { Connection } from "../ports.ts";
import type { SimulatedProcess } from "./process.ts";

export type JobStateMessage = Extract<CoordinatorToClient, { readonly type: "jobState" }>;
export type CheckpointPhaseMessage = Extract<CoordinatorToClient, { readonly type: "checkpointPhase" }>;
type SavepointEnded = Extract<CoordinatorToClient, { readonly type: "savepointEnded" }>;

/** A client of the simulated cluster: sends requests and remembers what it is told. */
export class SimulatedClient {
  readonly states: JobStateMessage[] = [];
  readonly refusals: Failure[] = [];
  readonly phases: CheckpointPhaseMessage[] = [];
  readonly reports: CheckpointReport[] = [];
  readonly savepoints: SavepointEnded[] = [];
  workers: readonly string[] = [];
  counters: readonly TaskCounters[] | null = null;
  closed = false;
  readonly #connection: Connection;

  constructor(process: SimulatedProcess, coordinatorAddress: string) {
    this.#connection = process.world.network.connect(coordinatorAddress, {
      onMessage: (bytes) => this.#onMessage(readToClient(bytes)),
      onDrain: () => {},
      onClosed: () => {
        this.closed = true;
      },
    });
    sendControl(this.#connection, { type: "hello", role: "client" });
  }

  /** The latest state of the job, or null. */
  stateOf(jobId: string): JobStateMessage | null {
    return this.states.findLast((state) => state.jobId === jobId) ?? null;
  }

  /** The job has ended, one way or another. */
  hasEnded(jobId: string): boolean {
    const state = this.stateOf(jobId)?.state;
    return state === "finished" || state === "failed" || state === "cancelled";
  }

  submit(job: JobSpec, workers: number): void {
    this.send({ type: "submit", job, workers });
  }

  send(message: ClientToCoordinator): void {
    sendControl(this.#connection, message);
  }

  #onMessage(message: CoordinatorToClient): void {
    switch (message.type) {
      case "jobState":
        this.states.push(message);
        return;
      case "workers":
        this.workers = message.workers.map(({ worker }) => worker);
        return;
      case "jobCounters":
        this.counters = message.tasks;
        return;
      case "checkpointPhase":
        this.phases.push(message);
        return;
      case "checkpointReport":
        this.reports.push(message.report);
        return;
      case "savepointEnded":
        this.savepoints.push(message);
        return;
      case "refused":
        this.refusals.push(message.failure);
        return;
    }
  }
}
