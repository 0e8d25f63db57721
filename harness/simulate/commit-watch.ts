import type { Producer } from "../../engine/simulation/transactions.ts";

/** What `encodePrepared` writes for a transaction, somewhere in a snapshot. */
const PREPARED = /\{"id":"([^"]*)","producerId":(\d+),"epoch":(\d+)/g;
const METADATA = /\/_metadata$/;

/**
 * Checks that no transaction is committed before a checkpoint that names it is complete: reads the files that reach the store, not what
 * coordinator or sinks say of them.
 */
export class CommitWatch {
  /** Folder → transactions that its snapshots name. */
  readonly #named = new Map<string, Set<string>>();
  readonly #covered = new Set<string>();
  readonly #outstanding = new Set<string>();
  #problem: string | null = null;

  /** The first commit that came too early, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Transactions that may be committed and are not. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  onStored(path: string, bytes: Uint8Array): void {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (METADATA.test(path)) {
      for (const name of this.#named.get(folder) ?? []) {
        if (!this.#covered.has(name)) this.#outstanding.add(name);
        this.#covered.add(name);
      }
      return;
    }
    let named = this.#named.get(folder);
    if (named === undefined) {
      named = new Set();
      this.#named.set(folder, named);
    }
    for (const [, id, producerId, epoch] of Buffer.from(bytes).toString("latin1").matchAll(PREPARED)) {
      named.add(`${id} ${producerId} ${epoch}`);
    }
  }

  onCommitted({ id, producerId, epoch }: Producer): void {
    const name = `${id} ${producerId} ${epoch}`;
    this.#outstanding.delete(name);
    if (this.#covered.has(name)) return;
    this.#problem ??= `transaction ${name} was committed before a checkpoint that names it was complete`;
  }
}
