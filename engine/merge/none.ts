import type { SnapshotReader } from "../checkpoint/snapshot.ts";
import { KaZoo } from "./kazoo.ts";

const MOST_RUNS = 4096;

/**
 * Order of arrival for tasks of replicated jobs: heartbeats are passed on and flagged ones cut as under KaZoo, but nobody agrees on the order.
 * Right for a task without replicas; with replicas the cost baseline, whose replicas differ as soon as two channels meet.
 */
export class NoOrdering extends KaZoo {
  constructor(channels: number) {
    super(channels, {
      onArrived: () => this.#order(),
      onBarrier: () => {},
      snapshot: () => {},
      restore: () => false,
    });
    this.ordering.begin();
  }

  override restore(reader: SnapshotReader): void {
    super.restore(reader);
    this.ordering.begin();
  }

  #order(): void {
    for (let runs = this.ordering.take(MOST_RUNS); runs !== null; runs = this.ordering.take(MOST_RUNS)) {
      this.onOrder(runs);
    }
  }
}
