/** More peers than any cluster has. One that is known ends the attempt, so of more nothing is lost. */
const MOST_PEERS = 1_024;

/**
 * Connections that were lost before this worker was told to deploy the attempt that they belong to: its other workers may be quicker than
 * the order. Only those of the newest attempt are kept: that somebody was in it tells that the ones before it are over.
 */
export class EarlyLosses {
  #begun = 0;
  #attempt = 0;
  readonly #peers = new Set<string>();

  /** Keeps it for later when the attempt has not begun here; false when it has. */
  keep(attempt: number, peer: string): boolean {
    if (attempt <= this.#begun) return false;
    if (attempt > this.#attempt) {
      this.#attempt = attempt;
      this.#peers.clear();
    }
    if (attempt === this.#attempt && this.#peers.size < MOST_PEERS) this.#peers.add(peer);
    return true;
  }

  /** The attempt begins: the peers that were lost to it so far. */
  begin(attempt: number): string[] {
    const peers = attempt === this.#attempt ? [...this.#peers] : [];
    if (attempt >= this.#attempt) this.#peers.clear();
    this.#begun = attempt;
    return peers;
  }
}
