import { assert, present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { KaZoo, type KaZooLog } from "../merge/kazoo.ts";
import type { Ordering } from "../merge/kazoo-ordering.ts";
import type { RestoringAttempt } from "../merge/merge.ts";
import { Leadership } from "./leadership.ts";
import type { OrderEntry, OrderLogEntry } from "./order-entry.ts";
import { OrderRetention } from "./order-retention.ts";
import { type TermRule, Terms } from "./terms.ts";

/** Most runs in one order: bounds the size of an entry. What is left goes into the next one. */
const MAX_RUNS_PER_ORDER = 8192;
/** A follower with so many runs that wait for their elements reads no further until half of them are gone. */
const MAX_ORDERS_WAITING = 65_536;

export interface OrderGroupSettings {
  readonly attempt: number;
  /** The log's partition, by a name that no other has: offsets of other logs mean nothing in it. */
  readonly log: string;
  /** This replica, and how many the group has had at the beginning. */
  readonly replica: number;
  readonly replicas: number;
  /** So many complete checkpoints can be gone back to. */
  readonly retain: number;
}

export interface OrderGroupHost {
  /** `take` may have something now. */
  onAppendable(): void;
  /** The merge may have something now. */
  onOrdered(): void;
  /** Leave the election and stand again, behind the others. */
  resign(): void;
  /** The log is not needed before `offset` by anybody. */
  truncate(offset: number): void;
}

/** Parts that a test may plant defects in. */
export interface OrderGroupParts {
  readonly terms: TermRule;
  readonly ordering: ((channels: number) => Ordering) | null;
}

/**
 * A replica's part in its group: reads the group's order log, feeds the merge with the orders that count, and appends when it leads. Pure: what
 * it wants to append is taken from it.
 */
export class OrderGroup implements KaZooLog {
  readonly #settings: OrderGroupSettings;
  readonly #host: OrderGroupHost;
  readonly #terms: TermRule;
  readonly #makeOrdering: OrderGroupParts["ordering"];
  readonly #leadership: Leadership;
  readonly #retention: OrderRetention;
  #merge: KaZoo | null = null;
  #nextOffset = 0;
  /** It stands within the entries of this attempt, no longer among those of earlier ones. */
  #isUnderWay = false;
  readonly #counters = { orders: 0, voidEntries: 0, claims: 0 };

  constructor(settings: OrderGroupSettings, host: OrderGroupHost, parts: Partial<OrderGroupParts> = {}) {
    this.#settings = settings;
    this.#host = host;
    this.#terms = parts.terms ?? new Terms();
    this.#makeOrdering = parts.ordering ?? null;
    this.#retention = new OrderRetention(settings.replicas, settings.retain);
    this.#leadership = new Leadership(settings.replica, this.#terms, {
      onBegin: () => {
        this.#kazoo.ordering.begin();
        host.onAppendable();
      },
      onEnd: () => this.#kazoo.ordering.end(),
      onClaimable: () => host.onAppendable(),
      resign: () => host.resign(),
    });
  }

  /** The group's merge on this replica, over `channels` logical channels. Once. */
  merge(channels: number): KaZoo {
    this.#merge = new KaZoo(channels, this, this.#makeOrdering?.(channels));
    return this.#merge;
  }

  /** Where reading goes on. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get leads(): boolean {
    return this.#leadership.term !== null;
  }

  /** Something that it has appended in its present role has not been read yet. */
  get unread(): boolean {
    return this.#leadership.claims || (this.leads && this.#kazoo.ordering.unread);
  }

  /** Too much that was read waits for its elements: read no further now. */
  get full(): boolean {
    return this.#kazoo.ordersWaiting > MAX_ORDERS_WAITING;
  }

  /** After it was full: read on. */
  get drained(): boolean {
    return this.#kazoo.ordersWaiting <= MAX_ORDERS_WAITING / 2;
  }

  /** `orders` that counted, `voidEntries` that did not, `claims` that counted, `leading` 1 or 0. */
  counters(): Record<string, number> {
    return { ...this.#counters, leading: this.leads ? 1 : 0 };
  }

  /** Won the election; `epoch` only grows. */
  onElected(epoch: number): void {
    this.#leadership.onElected(epoch);
  }

  /** No longer sure to be elected: orders nothing more. */
  onDeposed(): void {
    this.#leadership.onDeposed();
  }

  /** A replica of the group is no longer part of the job. */
  onReplicaLost(replica: number): void {
    this.#retention.onReplicaLost(replica);
    this.#truncate();
    this.#leadership.onReplicaLost(replica);
  }

  /** What it has appended does not come back. */
  onStalled(): void {
    this.#leadership.onStalled();
  }

  /** The job may go back to this checkpoint from now on. */
  onCheckpointComplete(checkpointId: number): void {
    if (this.#retention.onComplete(checkpointId)) this.#host.onAppendable();
  }

  onArrived(): void {
    if (this.leads) this.#host.onAppendable();
  }

  /** The next entry to append, or null. */
  take(): OrderLogEntry | null {
    const { attempt, replica } = this.#settings;
    const claimed = this.#leadership.takeClaim();
    if (claimed !== null) return { kind: "claim", attempt, term: claimed, replica };
    const passed = this.#retention.passed();
    if (passed !== null) return { kind: "consumed", attempt, replica, offset: passed };
    const { term } = this.#leadership;
    const runs = term === null ? null : this.#kazoo.ordering.take(MAX_RUNS_PER_ORDER);
    return term === null || runs === null ? null : { kind: "order", attempt, term, replica, runs };
  }

  /**
   * The log begins at `nextOffset` only. false: entries of this attempt may be missing. Others do not count: logs are cut where all live replicas
   * of an attempt have been, so what is gone before the first entry is read is of attempts before.
   */
  onSkipped(nextOffset: number): boolean {
    if (this.#isUnderWay) return false;
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset);
    return true;
  }

  /** The entry at `offset`, in the order of the log. */
  onEntry(offset: number, entry: OrderLogEntry): void {
    this.#nextOffset = offset + 1;
    if (entry.attempt !== this.#settings.attempt) return;
    this.#isUnderWay = true;
    switch (entry.kind) {
      case "claim":
        this.#counters[this.#leadership.onClaim(entry.term, entry.replica) ? "claims" : "voidEntries"]++;
        return;
      case "order":
        this.#onOrder(entry);
        return;
      case "consumed":
        this.#retention.onConsumed(entry.replica, entry.offset);
        this.#truncate();
        return;
    }
  }

  onBarrier(checkpointId: number): void {
    this.#retention.onSnapshot(checkpointId, this.#nextOffset);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.text(this.#settings.log);
    writer.f64(this.#nextOffset);
    this.#terms.snapshot(writer);
  }

  restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    const log = reader.text();
    const offset = reader.f64();
    const goesOn = attempt === "same";
    assert(!goesOn || log === this.#settings.log, "an attempt has one log", { log });
    // Terms of another attempt mean nothing in this one.
    (goesOn ? this.#terms : new Terms()).restore(reader);
    // What another attempt has appended is passed over, but need not be read.
    if (log === this.#settings.log) this.#nextOffset = offset;
    this.#isUnderWay = goesOn;
  }

  get #kazoo(): KaZoo {
    return present(this.#merge, "the group's merge");
  }

  #onOrder({ term, replica, runs }: OrderEntry): void {
    if (!this.#terms.counts(term, replica)) {
      this.#counters.voidEntries++;
      return;
    }
    this.#counters.orders++;
    this.#kazoo.onOrder(runs);
    this.#host.onOrdered();
  }

  #truncate(): void {
    const offset = this.#retention.cut();
    if (offset !== null && this.leads) this.#host.truncate(offset);
  }
}
