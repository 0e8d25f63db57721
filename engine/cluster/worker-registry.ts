import type { Connection } from "../ports.ts";
import type { WorkerAddress } from "./placement.ts";

export interface RegisteredWorker extends WorkerAddress {
  readonly pid: number;
  readonly connection: Connection;
  /** Time of the latest liveness message, µs; null before the first (then only the connection tells). */
  lastAliveUs: number | null;
  /** Turns of its main loop, as last told. */
  progress: number;
}

/** The workers that are there, in order of registration. */
export class WorkerRegistry {
  readonly #workers = new Map<string, RegisteredWorker>();

  get all(): readonly RegisteredWorker[] {
    return [...this.#workers.values()];
  }

  get(worker: string): RegisteredWorker | undefined {
    return this.#workers.get(worker);
  }

  add(worker: RegisteredWorker): void {
    this.#workers.set(worker.worker, worker);
  }

  remove(worker: string): void {
    this.#workers.delete(worker);
  }

  onAlive(worker: string, progress: number, nowUs: number): void {
    const registered = this.#workers.get(worker);
    if (registered === undefined) return;
    registered.lastAliveUs = nowUs;
    registered.progress = progress;
  }

  /** Workers whose last liveness message is older than `timeoutUs`. */
  silent(nowUs: number, timeoutUs: number): readonly RegisteredWorker[] {
    return this.all.filter(({ lastAliveUs }) => lastAliveUs !== null && nowUs - lastAliveUs > timeoutUs);
  }
}
