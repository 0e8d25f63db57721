import type { Log, LogAddress, PreparedTransaction } from "../ports.ts";
import { decodePrepared } from "./prepared-state.ts";

/** What the checkpoint that a sink begins from has prepared, until it is committed. */
export class RestoredTransactions {
  #all: PreparedTransaction[] = [];

  /** Nothing is left to commit. */
  get isCommitted(): boolean {
    return this.#all.length === 0;
  }

  /** The state of a sink in the checkpoint; there is one for every sink that this one replaces. `snapshot-corrupt` when it is none. */
  add(state: Uint8Array): void {
    this.#all.push(...decodePrepared(state));
  }

  /** Some of them have one of these ids. */
  has(ids: readonly string[]): boolean {
    return this.#all.some(({ id }) => ids.includes(id));
  }

  /** Commits all of them at once. `after` is given each answer and what it leads to; the last answer leads to `done`. */
  commit(
    log: Pick<Log, "commitPrepared">,
    address: LogAddress,
    after: (error: Error | null, work: () => void) => void,
    done: () => void,
  ): void {
    let unanswered = this.#all.length;
    const onCommitted = () => {
      unanswered--;
      if (unanswered > 0) return;
      this.#all = [];
      done();
    };
    for (const prepared of this.#all) log.commitPrepared(address, prepared, (error) => after(error, onCommitted));
  }
}
