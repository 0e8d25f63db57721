import { present } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { KaZoo, type KaZooLog } from "../merge/kazoo.ts";
import type { Ordering } from "../merge/kazoo-ordering.ts";
import type { OrderLogEntry } from "./order-entry.ts";
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
  /** Elected, but another one leads, or it does not get on: leave the election and stand again, behind the others. */
  resign(): void;
  /** The log is not needed before `offset` by anybody. */
  truncate(offset: number): void;
}

/** Parts that a test may plant defects in. */
export interface OrderGroupParts {
  readonly terms: TermRule;
  readonly ordering: ((channels: number) => Ordering) | null;
}

type Role = { readonly kind: "follower" } | { readonly kind: "claiming" | "leading"; readonly term: number };

const FOLLOWER: Role = { kind: "follower" };

/**
 * A replica's part in its group: reads the group's order log, feeds the merge with the orders that count, and leads when it is elected or
 * when the leader is lost and it is the first of those left. A leader claims a term, reads the log up to its own claim, and only then
 * orders; it stops when it reads a later claim or is deposed. Pure: what it wants to append is taken from it.
 */
export class OrderGroup implements KaZooLog {
  readonly #settings: OrderGroupSettings;
  readonly #host: OrderGroupHost;
  readonly #terms: TermRule;
  readonly #makeOrdering: OrderGroupParts["ordering"];
  readonly #retention: OrderRetention;
  readonly #lost = new Set<number>();
  #merge: KaZoo | null = null;
  #role: Role = FOLLOWER;
  /** Fencing token of the election that this replica has won and not lost; null: it has not. */
  #epoch: number | null = null;
  #wantsClaim = false;
  #nextOffset = 0;
  #counters = { orders: 0, voidEntries: 0, claims: 0 };

  constructor(settings: OrderGroupSettings, host: OrderGroupHost, parts: Partial<OrderGroupParts> = {}) {
    this.#settings = settings;
    this.#host = host;
    this.#terms = parts.terms ?? new Terms();
    this.#makeOrdering = parts.ordering ?? null;
    this.#retention = new OrderRetention(settings.replicas, settings.retain);
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
    return this.#role.kind === "leading";
  }

  /** Something that it has appended in its present role has not been read yet. */
  get unread(): boolean {
    return this.#role.kind === "claiming" || (this.leads && this.#kazoo.ordering.unread);
  }

  /** Too much that was read waits for its elements: read no further now. */
  get full(): boolean {
    return this.#kazoo.ordersWaiting > MAX_ORDERS_WAITING;
  }

  get drained(): boolean {
    return this.#kazoo.ordersWaiting <= MAX_ORDERS_WAITING / 2;
  }

  /** `orders` that counted, `voidEntries` that did not, `claims` that counted, `leading` 1 or 0. */
  counters(): Record<string, number> {
    return { ...this.#counters, leading: this.leads ? 1 : 0 };
  }

  /** Won the election; `epoch` only grows. */
  onElected(epoch: number): void {
    this.#epoch = epoch;
    if (!this.leads) this.#claim();
  }

  /** No longer sure to be elected: orders nothing more. */
  onDeposed(): void {
    // One that has taken over from a lost leader leads without having been elected.
    if (this.#epoch === null) return;
    this.#epoch = null;
    this.#follow();
  }

  /** A replica of the group is no longer part of the job. */
  onReplicaLost(replica: number): void {
    this.#lost.add(replica);
    this.#retention.onReplicaLost(replica);
    this.#truncate();
    this.#succeed();
  }

  /** What it has appended does not come back: somebody else may fare better. */
  onStalled(): void {
    this.#follow();
    if (this.#epoch !== null) this.#resign();
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
    if (this.#wantsClaim) {
      this.#wantsClaim = false;
      const term = Math.max(this.#terms.term + 1, this.#epoch ?? 0);
      this.#role = { kind: "claiming", term };
      return { kind: "claim", attempt, term, replica };
    }
    const passed = this.#retention.passed();
    if (passed !== null) return { kind: "consumed", attempt, replica, offset: passed };
    if (this.#role.kind !== "leading") return null;
    const runs = this.#kazoo.ordering.take(MAX_RUNS_PER_ORDER);
    return runs === null ? null : { kind: "order", attempt, term: this.#role.term, replica, runs };
  }

  /** The entry at `offset`, in the order of the log. */
  onEntry(offset: number, entry: OrderLogEntry): void {
    this.#nextOffset = offset + 1;
    if (entry.attempt !== this.#settings.attempt) return;
    switch (entry.kind) {
      case "claim":
        this.#onClaim(entry.term, entry.replica);
        return;
      case "order":
        if (!this.#terms.counts(entry.term, entry.replica)) {
          this.#counters.voidEntries++;
          return;
        }
        this.#counters.orders++;
        this.#kazoo.onOrder(entry.runs);
        this.#host.onOrdered();
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
    writer.u32(this.#settings.attempt);
    writer.text(this.#settings.log);
    writer.f64(this.#nextOffset);
    this.#terms.snapshot(writer);
  }

  restore(reader: SnapshotReader): boolean {
    const attempt = reader.u32();
    const log = reader.text();
    const offset = reader.f64();
    const terms = new Terms();
    const isSameLog = log === this.#settings.log;
    const goesOn = isSameLog && attempt === this.#settings.attempt;
    (goesOn ? this.#terms : terms).restore(reader);
    // What another attempt has appended is passed over, but need not be read.
    if (isSameLog) this.#nextOffset = offset;
    return goesOn;
  }

  get #kazoo(): KaZoo {
    return present(this.#merge, "the group's merge");
  }

  #onClaim(term: number, replica: number): void {
    const role = this.#role;
    const counts = this.#terms.onClaim(term, replica);
    this.#counters[counts ? "claims" : "voidEntries"]++;
    const isMine = replica === this.#settings.replica;
    if (isMine && role.kind === "claiming" && role.term === term) {
      if (counts) this.#lead(term);
      else this.#yield();
    } else if (counts && role.kind === "leading") {
      this.#yield();
    } else if (counts) this.#succeed();
  }

  #lead(term: number): void {
    this.#role = { kind: "leading", term };
    this.#kazoo.ordering.begin();
    this.#host.onAppendable();
  }

  /** Somebody else leads. Who is elected and does not lead stands again: the election is to end at the one who leads, or at one who claims. */
  #yield(): void {
    this.#follow();
    if (this.#epoch !== null) this.#resign();
    this.#succeed();
  }

  #resign(): void {
    this.#epoch = null;
    this.#host.resign();
  }

  #follow(): void {
    if (this.leads) this.#kazoo.ordering.end();
    this.#role = FOLLOWER;
    this.#wantsClaim = false;
  }

  /** Takes over from a leader that is lost, without waiting for the election, when it is the first of those left. Claims make it safe. */
  #succeed(): void {
    const { holder } = this.#terms;
    const isVacant = holder === null ? this.#lost.size > 0 : this.#lost.has(holder);
    if (isVacant && this.#role.kind === "follower" && this.#firstLeft() === this.#settings.replica) this.#claim();
  }

  #firstLeft(): number {
    let first = 0;
    while (this.#lost.has(first)) first++;
    return first;
  }

  #claim(): void {
    if (this.#wantsClaim || this.#role.kind === "claiming") return;
    this.#wantsClaim = true;
    this.#host.onAppendable();
  }

  #truncate(): void {
    const offset = this.#retention.cut();
    if (offset !== null && this.leads) this.#host.truncate(offset);
  }
}
