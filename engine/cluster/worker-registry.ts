import type { Connection } from "../ports.ts";
import { byName, type WorkerAddress } from "./worker-pools.ts";

export interface RegisteredWorker extends WorkerAddress {
  readonly pid: number;
  readonly connection: Connection;
  /** Time of the latest liveness message, µs; null before the first (then only the connection tells). */
  lastAliveUs: number | null;
  /** Turns of its main loop, as last told, and since when it says the same, µs. */
  progress: number;
  progressSinceUs: number;
  /** Its main loop was found standing still, and has not gone on since. */
  stalled: boolean;
}

/** The workers that are there, by name. */
export class WorkerRegistry {
  #workers: ReadonlyMap<string, RegisteredWorker> = new Map();

  get all(): readonly RegisteredWorker[] {
    return [...this.#workers.values()];
  }

  get(worker: string): RegisteredWorker | undefined {
    return this.#workers.get(worker);
  }

  add(worker: RegisteredWorker): void {
    const others = this.all.filter((one) => one.worker !== worker.worker);
    this.#workers = mapOf(byName([...others, worker]));
  }

  remove(worker: string): void {
    this.#workers = mapOf(this.all.filter((one) => one.worker !== worker));
  }

  /** Notes a liveness message. Returns how long the worker's main loop had stood still when that was known and is over, µs; else null. */
  onAlive(worker: string, progress: number, nowUs: number): number | null {
    const registered = this.#workers.get(worker);
    if (registered === undefined) return null;
    const isFirst = registered.lastAliveUs === null;
    registered.lastAliveUs = nowUs;
    if (progress === registered.progress && !isFirst) return null;
    const stoodUs = registered.stalled ? nowUs - registered.progressSinceUs : null;
    Object.assign(registered, { progress, progressSinceUs: nowUs, stalled: false });
    return stoodUs;
  }

  /** Workers whose last liveness message is older than `timeoutUs`. */
  silent(nowUs: number, timeoutUs: number): readonly RegisteredWorker[] {
    return this.all.filter(({ lastAliveUs }) => lastAliveUs !== null && nowUs - lastAliveUs > timeoutUs);
  }

  /** Workers that send liveness messages but whose main loop has not turned for longer than `timeoutUs`; each once, until it goes on. */
  newlyStalled(nowUs: number, timeoutUs: number): readonly RegisteredWorker[] {
    const found = this.all.filter(({ lastAliveUs, progressSinceUs, stalled }) => {
      return lastAliveUs !== null && !stalled && nowUs - progressSinceUs > timeoutUs;
    });
    for (const worker of found) worker.stalled = true;
    return found;
  }

  /** For `lateUs` nobody listened: what was not heard in that time is held against nobody. */
  excuse(lateUs: number): void {
    for (const worker of this.#workers.values()) {
      if (worker.lastAliveUs !== null) worker.lastAliveUs += lateUs;
      worker.progressSinceUs += lateUs;
    }
  }
}

function mapOf(workers: readonly RegisteredWorker[]): ReadonlyMap<string, RegisteredWorker> {
  return new Map(workers.map((worker) => [worker.worker, worker]));
}
