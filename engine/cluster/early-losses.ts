/** Connections that were lost before this worker was told to deploy the attempt that they belong to: its other workers may be quicker than the order. */
export class EarlyLosses {
  #begun = 0;
  #losses: readonly { readonly attempt: number; readonly peer: string }[] = [];

  /** Keeps it for later when the attempt has not begun here; false when it has. */
  keep(attempt: number, peer: string): boolean {
    if (attempt <= this.#begun) return false;
    const isKnown = this.#losses.some((loss) => loss.attempt === attempt && loss.peer === peer);
    if (!isKnown) this.#losses = [...this.#losses, { attempt, peer }];
    return true;
  }

  /** The attempt begins: the peers that were lost to it so far. */
  begin(attempt: number): string[] {
    const peers = this.#losses.filter((loss) => loss.attempt === attempt).map(({ peer }) => peer);
    this.#losses = this.#losses.filter((loss) => loss.attempt > attempt);
    this.#begun = attempt;
    return peers;
  }
}
