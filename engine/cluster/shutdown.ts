import type { World } from "../ports.ts";
import { sendControl } from "./control-codec.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

interface ShutdownParts {
  readonly world: Pick<World, "timers" | "processes" | "journal">;
  readonly workers: WorkerRegistry;
  /** Longest wait for the job to end, and then again for the workers to leave, µs. */
  readonly timeoutUs: number;
  /** Ends the job; `onEnded` is called when nothing of it runs and it has left no transaction open. */
  readonly stopJob: (onEnded: () => void) => void;
  /** Workers are told to leave from now on. */
  readonly onDismissal: () => void;
}

/** The end of a cluster: first its job, which must not leave open transactions behind, then its workers, then the coordinator. */
export class Shutdown {
  readonly #parts: ShutdownParts;
  #phase: "none" | "job" | "workers" | "over" = "none";

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  /** Begins with `epoch` as the coordinator's; once, later calls do nothing. */
  begin(epoch: number): void {
    if (this.#phase !== "none") return;
    const { world, timeoutUs, stopJob } = this.#parts;
    this.#phase = "job";
    world.journal.write("shutdown", {});
    world.timers.after(timeoutUs, () => this.#dismiss(epoch));
    stopJob(() => this.#dismiss(epoch));
  }

  /** Some worker has left, or is lost. */
  onWorkerGone(): void {
    if (this.#phase === "workers" && this.#parts.workers.all.length === 0) this.#exit();
  }

  #dismiss(epoch: number): void {
    if (this.#phase !== "job") return;
    const { world, workers, timeoutUs, onDismissal } = this.#parts;
    this.#phase = "workers";
    onDismissal();
    for (const { connection } of workers.all) sendControl(connection, { type: "shutdown", epoch });
    world.timers.after(timeoutUs, () => this.#exit());
    this.onWorkerGone();
  }

  #exit(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#parts.world.processes.exit();
  }
}
