import type { OrderLogEntry } from "./order-entry.ts";
import type { OrderGroup } from "./order-group.ts";

/** One replica on this worker. */
export interface OrderMemberSpec {
  /** Name of the group in elections. */
  readonly group: string;
  readonly partition: number;
  readonly replica: number;
  readonly replicas: number;
  /** The merge may have something to give. */
  readonly onOrdered: () => void;
}

const MOST_PATIENCE = 64;

/** A replica's place in its worker's order logs: its seat in the election, and how long what it appends takes to come back. */
export class OrderMember {
  readonly spec: OrderMemberSpec;
  readonly group: OrderGroup;
  seat: { leave(): void } | null = null;
  /** It has read so much that its partition is held. */
  held = false;
  /** Since when something that it has appended has not been read, and nothing else of it either, µs; null: nothing is open. */
  #openSinceUs: number | null = null;
  /** How many leases it waits for what it has appended. */
  #patience = 1;
  /** When the oldest order was appended that has not been read, µs; null: none is open. */
  #orderedUs: number | null = null;
  #roundTrips = 0;
  #sumUs = 0;
  #maxUs = 0;
  #truncations = 0;
  #failedTruncations = 0;

  constructor(spec: OrderMemberSpec, group: OrderGroup) {
    this.spec = spec;
    this.group = group;
  }

  onAppended(entry: OrderLogEntry, nowUs: number): void {
    if (entry.kind === "consumed") return;
    this.#openSinceUs ??= nowUs;
    if (entry.kind === "order") this.#orderedUs ??= nowUs;
  }

  /** An entry of its own has come back. */
  onReadBack(entry: OrderLogEntry, nowUs: number): void {
    if (entry.kind === "consumed") return;
    this.#openSinceUs = this.group.unread ? nowUs : null;
    if (entry.kind === "claim" || this.#orderedUs === null) return;
    const tookUs = nowUs - this.#orderedUs;
    this.#orderedUs = null;
    this.#patience = 1;
    this.#roundTrips++;
    this.#sumUs += tookUs;
    this.#maxUs = Math.max(this.#maxUs, tookUs);
  }

  /**
   * A leader that does not get on for `leaseUs` gives up. Until an order of its own has come back it waits twice as long every time: replicas that
   * give up sooner than the log can be read would fill it with claims, faster than anybody reads them.
   */
  look(nowUs: number, leaseUs: number): void {
    if (!this.group.unread) this.#openSinceUs = null;
    if (this.#openSinceUs === null || nowUs - this.#openSinceUs <= leaseUs * this.#patience) return;
    this.#openSinceUs = null;
    this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
    this.group.onStalled();
  }

  onTruncated(isDone: boolean): void {
    if (isDone) this.#truncations++;
    else this.#failedTruncations++;
  }

  /**
   * The group's; of its own orders `orderRoundTrips` and, from append to reading, `orderRoundTripUs` (mean) and `orderRoundTripMaxUs`; how often it
   * has cut the log, `orderLogCuts`, or failed to, `orderLogCutFailures`.
   */
  counters(): Record<string, number> {
    const meanUs = this.#roundTrips === 0 ? 0 : Math.round(this.#sumUs / this.#roundTrips);
    return {
      ...this.group.counters(),
      orderRoundTrips: this.#roundTrips,
      orderRoundTripUs: meanUs,
      orderRoundTripMaxUs: this.#maxUs,
      orderLogCuts: this.#truncations,
      orderLogCutFailures: this.#failedTruncations,
    };
  }
}
