import type { TaskCounters } from "./messages.ts";

/** Gathers the counters of a job from its workers for everybody who asked meanwhile. */
export class CountersQuery {
  readonly jobId: string;
  readonly #awaited: Set<string>;
  readonly #tasks: TaskCounters[] = [];

  constructor(jobId: string, workers: readonly string[]) {
    this.jobId = jobId;
    this.#awaited = new Set(workers);
  }

  get complete(): boolean {
    return this.#awaited.size === 0;
  }

  /** By vertex, then subtask. */
  get tasks(): readonly TaskCounters[] {
    return this.#tasks.toSorted((a, b) => {
      if (a.vertex !== b.vertex) return a.vertex < b.vertex ? -1 : 1;
      return a.subtask - b.subtask;
    });
  }

  onAnswer(worker: string, tasks: readonly TaskCounters[]): void {
    if (this.#awaited.delete(worker)) this.#tasks.push(...tasks.map((task) => ({ ...task, worker })));
  }

  onWorkerLost(worker: string): void {
    this.#awaited.delete(worker);
  }
}
