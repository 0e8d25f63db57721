import type { SnapshotReader } from "../checkpoint/snapshot.ts";
import { KaZoo } from "./kazoo.ts";
import type { RestoringAttempt } from "./merge.ts";

const MOST_RUNS = 4096;

/**
 * Order of arrival for tasks of replicated jobs: heartbeats are passed on and flagged ones cut as under KaZoo, but nobody agrees on the order.
 * Right for a task without replicas, and with one channel; else the cost baseline, whose replicas number different rows alike: which jobs
 * that corrupts, and how, says `refuseUnordered`.
 */
export class NoOrdering extends KaZoo {
  constructor(channels: number) {
    super(channels, {
      onArrived: () => this.#order(),
      onBarrier: () => {},
      snapshot: () => {},
      restore: () => {},
    });
    this.ordering.begin();
  }

  override restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    super.restore(reader, attempt);
    this.ordering.begin();
  }

  #order(): void {
    for (let runs = this.ordering.take(MOST_RUNS); runs !== null; runs = this.ordering.take(MOST_RUNS)) {
      this.onOrder(runs);
    }
  }
}
