import type { Log, LogAddress, PreparedTransaction } from "../ports.ts";
import { decodePrepared } from "./prepared-state.ts";

/** What the checkpoint that a sink begins from has prepared, until it is committed. */
export class RestoredTransactions {
  readonly #log: Pick<Log, "commitPrepared">;
  readonly #address: LogAddress;
  readonly #after: (error: Error | null, work: () => void) => void;
  #all: PreparedTransaction[] = [];

  /** `after` is given each answer of the log, and what is to be done with it unless that is an error. */
  constructor(
    log: Pick<Log, "commitPrepared">,
    address: LogAddress,
    after: (error: Error | null, work: () => void) => void,
  ) {
    this.#log = log;
    this.#address = address;
    this.#after = after;
  }

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

  /** Commits all of them at once; the last answer leads to `done`. */
  commit(done: () => void): void {
    let unanswered = this.#all.length;
    const onCommitted = () => {
      unanswered--;
      if (unanswered > 0) return;
      this.#all = [];
      done();
    };
    for (const prepared of this.#all) {
      this.#log.commitPrepared(this.#address, prepared, (error) => this.#after(error, onCommitted));
    }
  }
}
