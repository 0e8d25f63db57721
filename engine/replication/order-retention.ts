/** Snapshots that may be under way or wait for their completion; older ones are forgotten. */
const MAX_SNAPSHOTS = 64;

/**
 * How far a group's order log is needed: each replica says in the log what it has passed for good, which is where the oldest checkpoint was
 * taken that the job may go back to; the log may be cut before the least of them, of the replicas that live.
 */
export class OrderRetention {
  readonly #retain: number;
  readonly #consumed: number[];
  readonly #lost = new Set<number>();
  /** Where this replica stood in the log at its snapshots that are not complete, and at those that are. */
  readonly #taken = new Map<number, number>();
  readonly #complete: number[] = [];
  #passed: number | null = null;
  #cut = 0;

  constructor(replicas: number, retain: number) {
    this.#consumed = new Array<number>(replicas).fill(0);
    this.#retain = retain;
  }

  onSnapshot(checkpointId: number, offset: number): void {
    this.#taken.set(checkpointId, offset);
    for (const id of this.#taken.keys()) {
      if (this.#taken.size <= MAX_SNAPSHOTS) break;
      this.#taken.delete(id);
    }
  }

  /** true: this replica has something to say. */
  onComplete(checkpointId: number): boolean {
    const offset = this.#taken.get(checkpointId);
    if (offset === undefined) return false;
    for (const id of [...this.#taken.keys()]) if (id <= checkpointId) this.#taken.delete(id);
    this.#complete.push(offset);
    if (this.#complete.length > this.#retain) this.#complete.shift();
    if (this.#complete.length < this.#retain || this.#complete[0] === 0) return false;
    this.#passed = this.#complete[0] ?? null;
    return this.#passed !== null;
  }

  /** What this replica is to say in the log: it has passed this offset for good. Once. */
  passed(): number | null {
    const passed = this.#passed;
    this.#passed = null;
    return passed;
  }

  /** A replica has said so in the log: all hear of it, whoever leads by then. */
  onConsumed(replica: number, offset: number): void {
    this.#consumed[replica] = Math.max(this.#consumed[replica] ?? 0, offset);
  }

  onReplicaLost(replica: number): void {
    this.#lost.add(replica);
  }

  /** The log may be cut before this offset; null: no further than before. */
  cut(): number | null {
    const live = this.#consumed.filter((_, replica) => !this.#lost.has(replica));
    const least = live.length === 0 ? 0 : Math.min(...live);
    if (least <= this.#cut) return null;
    this.#cut = least;
    return least;
  }
}
