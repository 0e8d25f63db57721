import type { BatchView } from "../record-batch/decode.ts";
import type { AbortedTransaction } from "../requests/fetch.ts";

/**
 * Tells which batches of one partition's answer belong to aborted transactions. A producer has one transaction at a time, so one that
 * the broker lists lasts from its first offset to the producer's next marker. An answer that begins in the midst of a transaction
 * lists it too: nothing needs to be known of earlier answers. (KIP-98, "Reading transactional messages".)
 */
export class AbortedFilter {
  readonly #ahead: AbortedTransaction[];
  readonly #open = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    // The earliest last, to be popped.
    this.#ahead = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Whether the records of the batch were taken back. To be asked of every batch, in order. */
  drops(batch: BatchView): boolean {
    for (let next = this.#ahead.at(-1); next !== undefined; next = this.#ahead.at(-1)) {
      if (next.firstOffset >= batch.nextOffset) break;
      this.#ahead.pop();
      this.#open.add(next.producerId);
    }
    if (this.#open.size === 0) return false;
    if (batch.isControl) {
      if (batch.marker() === "abort") this.#open.delete(batch.producerId);
      return false;
    }
    return batch.isTransactional && this.#open.has(batch.producerId);
  }
}
