import type { JobSpec } from "./job-spec.ts";

/**
 * Workers that have nothing to do while a job runs: each is told once to load the job's module, so that it need not when it takes a lost
 * worker's place.
 */
export class SpareWorkers {
  readonly #prepare: (worker: string, job: JobSpec) => void;
  #jobId: string | null = null;
  #prepared = new Set<string>();

  constructor(prepare: (worker: string, job: JobSpec) => void) {
    this.#prepare = prepare;
  }

  /** The job runs, on `busy` of the registered `workers`. */
  onRunning(job: JobSpec, workers: readonly string[], busy: readonly string[]): void {
    const before = this.#jobId === job.jobId ? this.#prepared : new Set<string>();
    this.#jobId = job.jobId;
    this.#prepared = new Set(workers.filter((worker) => before.has(worker) || busy.includes(worker)));
    for (const worker of workers) {
      if (this.#prepared.has(worker)) continue;
      this.#prepared.add(worker);
      this.#prepare(worker, job);
    }
  }
}
