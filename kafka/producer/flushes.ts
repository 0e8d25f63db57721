import type { FaultlineError } from "../../base/errors.ts";
import type { FlushWaiter, PartitionQueue } from "./partition-queue.ts";

/** Those who wait in `flush`. */
export class Flushes {
  readonly #rejects = new Set<(error: FaultlineError) => void>();

  /** Closes the open batches of `queues`; resolves when all their batches are acknowledged, rejects with `fail`'s error. */
  wait(queues: Iterable<PartitionQueue>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: FlushWaiter = {
        left: 0,
        resolve: () => {
          this.#rejects.delete(reject);
          resolve();
        },
      };
      for (const queue of queues) {
        queue.seal();
        const { newest } = queue;
        if (newest === undefined) continue;
        newest.waiters.push(waiter);
        waiter.left += 1;
      }
      if (waiter.left === 0) resolve();
      else this.#rejects.add(reject);
    });
  }

  fail(error: FaultlineError): void {
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
  }
}
