import type { Connection } from "../ports.ts";
import { sendControl } from "./control-codec.ts";
import { CountersQuery } from "./counters-query.ts";
import type { CoordinatorToClient, TaskCounters } from "./messages.ts";

/** Where clients ask for a job's counters: its workers are asked once for all who wait. */
export class CountersDesk {
  readonly #askWorker: (worker: string, jobId: string) => void;
  readonly #clients = new Set<Connection>();
  #query: CountersQuery | null = null;

  constructor(askWorker: (worker: string, jobId: string) => void) {
    this.#askWorker = askWorker;
  }

  /** `workers`: those that run tasks of the job and are there. */
  ask(client: Connection, jobId: string, workers: readonly string[]): void {
    this.#clients.add(client);
    if (this.#query !== null) return;
    this.#query = new CountersQuery(jobId, workers);
    for (const worker of workers) this.#askWorker(worker, jobId);
    this.#answer();
  }

  onCounters(worker: string, jobId: string, tasks: readonly TaskCounters[]): void {
    if (this.#query?.jobId !== jobId) return;
    this.#query.onAnswer(worker, tasks);
    this.#answer();
  }

  onWorkerLost(worker: string): void {
    this.#query?.onWorkerLost(worker);
    this.#answer();
  }

  onClientGone(client: Connection): void {
    this.#clients.delete(client);
  }

  /** Another job begins: nobody answers for the last one. */
  forget(): void {
    this.#query = null;
  }

  #answer(): void {
    const query = this.#query;
    if (query === null || !query.complete) return;
    const answer: CoordinatorToClient = { type: "jobCounters", jobId: query.jobId, tasks: query.tasks };
    for (const client of this.#clients) sendControl(client, answer);
    this.#clients.clear();
    this.#query = null;
  }
}
