/** Where a partition stands, as `Alignment` needs to know it. */
export interface PartitionProgress {
  /** Largest event time that was read; −∞: none yet. */
  readonly latestMs: number;
  /** Is there nothing to wait for: at its end, idle, or without records for a while in which it was not held? */
  readonly quiet: boolean;
}

/**
 * Which partitions of a source are held, so that one whose records are read faster than the others' (catch-up after a fault, uneven
 * fill) does not fill the state behind it: those whose event time leads the slowest partition that is not quiet by more than the bound.
 * Goes on as soon as the lead is within the bound. Cannot come to a standstill: the slowest one that is not quiet is never held, one
 * that was never read holds nobody, and one that gives nothing becomes quiet.
 */
export class Alignment {
  readonly #boundMs: number;
  readonly #held: Uint8Array;

  /** `boundMs` > 0. */
  constructor(boundMs: number, partitions: number) {
    this.#boundMs = boundMs;
    this.#held = new Uint8Array(partitions);
  }

  isHeld(partition: number): boolean {
    return this.#held[partition] === 1;
  }

  /** Decides anew; `progressOf` tells of a partition, `change` is called for each whose decision changes. */
  update(
    progressOf: (partition: number) => PartitionProgress,
    change: (partition: number, held: boolean) => void,
  ): void {
    let slowestMs = Number.POSITIVE_INFINITY;
    for (let partition = 0; partition < this.#held.length; partition++) {
      const { latestMs, quiet } = progressOf(partition);
      if (quiet || latestMs === Number.NEGATIVE_INFINITY) continue;
      slowestMs = Math.min(slowestMs, latestMs);
    }
    for (let partition = 0; partition < this.#held.length; partition++) {
      const held = progressOf(partition).latestMs > slowestMs + this.#boundMs;
      if (held === this.isHeld(partition)) continue;
      this.#held[partition] = held ? 1 : 0;
      change(partition, held);
    }
  }
}
