import { present } from "../../base/assert.ts";
import type { AbortFate } from "../cluster/checkpoint-facts.ts";
import type { PreparedTransaction } from "../ports.ts";
import type { SinkOutput } from "./sink-output.ts";
import type { PooledWriter } from "./transaction-pool.ts";

/** Records of one transaction, and who writes them. */
export interface Transaction {
  readonly output: SinkOutput;
  /** null: no writer of the pool is free, or records before these are not durable. */
  pooled: PooledWriter | null;
}

/** What a checkpoint has asked for. */
export interface Sealed {
  readonly checkpointId: number;
  /** null: there were no rows. */
  transaction: Transaction | null;
  readonly done: (state: Uint8Array) => void;
  isDone: boolean;
  prepared: PreparedTransaction | null;
  /** Its checkpoint was given up. */
  abandoned: AbortFate | null;
  commit: "none" | "asked" | "done";
}

/** Fates that are remembered of checkpoints whose barrier has not come yet. */
const MAX_EARLY_FATES = 64;

/**
 * What checkpoints have sealed, in their order, until it is committed. A checkpoint without rows has an entry too, until it is complete or
 * gone: its snapshot names the transactions before it.
 */
export class SealedTransactions {
  #all: Sealed[] = [];
  readonly #earlyFates = new Map<number, AbortFate>();

  get all(): readonly Sealed[] {
    return this.#all;
  }

  /** No rows wait for their commit. */
  get isCommitted(): boolean {
    return this.#all.every(({ transaction, isDone }) => transaction === null && isDone);
  }

  /** The output is that of a checkpoint which may be complete. */
  isAnswered(output: SinkOutput): boolean {
    return this.#all.some(({ isDone, transaction }) => isDone && transaction?.output === output);
  }

  add(checkpointId: number, transaction: Transaction | null, done: (state: Uint8Array) => void): void {
    const abandoned = this.#earlyFates.get(checkpointId) ?? null;
    for (const early of [...this.#earlyFates.keys()]) if (early <= checkpointId) this.#earlyFates.delete(early);
    this.#all.push({ checkpointId, transaction, done, isDone: false, prepared: null, abandoned, commit: "none" });
  }

  /** The checkpoint is complete: entries without rows have no use any more. Gives those whose rows are to be committed now. */
  complete(checkpointId: number): readonly Sealed[] {
    this.#all = this.#all.filter((one) => one.checkpointId > checkpointId || one.transaction !== null);
    return this.#all.filter((one) => one.checkpointId <= checkpointId && one.commit === "none");
  }

  abandon(checkpointId: number, fate: AbortFate): void {
    const sealed = this.#all.find((one) => one.checkpointId === checkpointId);
    if (sealed !== undefined) sealed.abandoned = fate;
    else if (checkpointId > (this.#all.at(-1)?.checkpointId ?? 0)) this.#earlyFates.set(checkpointId, fate);
    for (const early of this.#earlyFates.keys()) {
      if (this.#earlyFates.size <= MAX_EARLY_FATES) break;
      this.#earlyFates.delete(early);
    }
  }

  /** What a restore from the checkpoint has to commit. */
  namedBy(checkpointId: number): readonly PreparedTransaction[] {
    return this.#all
      .filter((one) => one.checkpointId <= checkpointId && one.transaction !== null)
      .map(({ prepared }) => present(prepared, "transaction of an earlier checkpoint"));
  }

  /** Takes out those whose commit is answered, up to the first one whose is not. */
  takeCommitted(): readonly Transaction[] {
    const waiting = this.#all.findIndex(({ transaction, commit }) => transaction !== null && commit !== "done");
    const ended = this.#all.slice(0, waiting < 0 ? this.#all.length : waiting);
    const committed = ended.flatMap(({ transaction }) => transaction ?? []);
    this.#all = this.#all.filter(({ transaction }) => transaction === null || !committed.includes(transaction));
    return committed;
  }

  /**
   * Takes out the newest transaction before `next` (null: the newest of all) when no checkpoint that names it can ever be complete: rows
   * may be added to it again.
   */
  takeAbandoned(next: Sealed | null): Transaction | null {
    const naming = this.#lastBefore(next);
    if (naming.length === 0 || !naming.every(({ isDone, abandoned }) => isDone && abandoned === "gone")) return null;
    this.#all = this.#all.filter((one) => !naming.includes(one));
    return naming[0]!.transaction;
  }

  /** Nothing that is sealed before `next` will ever be committed or taken up again, unless a later checkpoint is complete. */
  isStuckBefore(next: Sealed | null): boolean {
    const naming = this.#lastBefore(next);
    const isDecided = naming.every(({ isDone, abandoned }) => {
      return isDone && (abandoned === "gone" || abandoned === "unremoved");
    });
    return isDecided && naming.length > 0 && !this.#all.some(({ commit }) => commit === "asked");
  }

  /** The newest transaction before `next`, and the checkpoints without rows between the two, which name it. */
  #lastBefore(next: Sealed | null): readonly Sealed[] {
    const before = next === null ? this.#all : this.#all.slice(0, this.#all.indexOf(next));
    const first = before.findLastIndex(({ transaction }) => transaction !== null);
    return first < 0 ? [] : before.slice(first);
  }
}
