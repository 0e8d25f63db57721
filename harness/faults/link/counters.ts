/** What went over one link in one direction, since the proxy's start. */
export interface LinkCounters {
  readonly from: string;
  readonly to: string;
  /** Connections that `from` opened to `to`. */
  connections: number;
  /** Bytes that came from `from`; those that `to` was given follow them unless dropped. */
  bytes: number;
  delivered: number;
  /** Bytes that went through a rule before they were delivered. */
  delayed: number;
  /** Bytes that will never arrive, because their connection was reset or lost an end. */
  dropped: number;
  /** Connections that `from` opened to `to` and a fault has reset. */
  resets: number;
}

/** Counters of all links. */
export class CounterBook {
  readonly #links = new Map<string, LinkCounters>();

  of(from: string, to: string): LinkCounters {
    const key = `${from} ${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { from, to, connections: 0, bytes: 0, delivered: 0, delayed: 0, dropped: 0, resets: 0 };
      this.#links.set(key, link);
    }
    return link;
  }

  all(): readonly LinkCounters[] {
    return [...this.#links.values()];
  }
}
