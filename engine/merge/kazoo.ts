import { assert } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { trimBefore } from "../replication/trim.ts";
import { type Element, elementCount } from "../task/element.ts";
import { Fifo } from "./fifo.ts";
import { KaZooOrdering, type Ordering } from "./kazoo-ordering.ts";
import { RunQueue } from "./kazoo-runs.ts";
import type { Merge, MergeEvent, RestoringAttempt } from "./merge.ts";

const END = Number.POSITIVE_INFINITY;

/** What the merge tells the keeper of its order log, and has saved beside its own position. */
export interface KaZooLog {
  /** Something has arrived that a leader may order. */
  onArrived(): void;
  /** The snapshot of this checkpoint is taken next. */
  onBarrier(checkpointId: number): void;
  snapshot(writer: SnapshotWriter): void;
  restore(reader: SnapshotReader, attempt: RestoringAttempt): void;
}

/**
 * The leader-based merge of replicated jobs: every replica delivers in the order that the group's order log says (KaZoo: Rosinosky et al.,
 * "Active replication for latency-sensitive stream processing in Apache Flink", SRDS 2021; with counters instead of the published
 * candidate queue). Orders are runs of element numbers of a channel; how elements were cut on their way makes no difference.
 *
 * Heartbeats are ordered like records. One goes on when every channel has shown it or a later one, so that it carries the watermark
 * that it brought; a flagged one right behind the snapshot. A channel's end counts as all heartbeats.
 */
export class KaZoo implements Merge {
  readonly ordering: Ordering;
  readonly #log: KaZooLog;
  readonly #queues: readonly Fifo<Element>[];
  /** What is left of an element of which a part was delivered. */
  readonly #rests: (Element | null)[];
  /** Read from the log and not delivered. */
  readonly #orders = new RunQueue();
  readonly #delivered: Float64Array;
  /** Latest heartbeat delivered; infinite once the channel has ended. */
  readonly #shown: Float64Array;
  /** Latest flagged heartbeat delivered; infinite once the channel has ended. */
  readonly #flags: Float64Array;
  #queued = 0;
  #forwarded = 0;
  #flagged: { readonly heartbeat: number; readonly checkpointId: number } | null = null;
  readonly #due = new Fifo<MergeEvent>();

  constructor(channels: number, log: KaZooLog, ordering: Ordering = new KaZooOrdering(channels)) {
    assert(channels >= 1, "a merge needs a channel");
    this.#log = log;
    this.ordering = ordering;
    this.#queues = Array.from({ length: channels }, () => new Fifo<Element>());
    this.#rests = this.#queues.map(() => null);
    this.#delivered = new Float64Array(channels);
    this.#shown = new Float64Array(channels);
    this.#flags = new Float64Array(channels);
  }

  get alignmentBytes(): number {
    return 0;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Runs that were read from the log and wait for their elements. */
  get ordersWaiting(): number {
    return this.#orders.length;
  }

  offer(channel: number, element: Element): void {
    const queue = this.#queues[channel];
    assert(queue !== undefined, "unknown channel", { channel });
    assert(element.kind !== "barrier", "barriers of replicated jobs ride on heartbeats");
    queue.push(element);
    this.#queued++;
    this.ordering.offer(channel, element);
    this.#log.onArrived();
  }

  /** An order that counts, in the order of the log: runs (channel, count …). */
  onOrder(runs: readonly number[]): void {
    for (let at = 0; at < runs.length; at += 2) {
      const [channel, count] = [runs[at]!, runs[at + 1]!];
      assert(channel < this.#queues.length, "an order of an unknown channel", { channel });
      this.#orders.push(channel, count);
      this.ordering.onOrdered(channel, count);
    }
  }

  next(): MergeEvent | null {
    const due = this.#due.shift();
    if (due !== undefined) return due;
    const { channel, count } = this.#orders;
    if (channel < 0) return null;
    const element = this.#take(channel, count);
    if (element === null) return null;
    const taken = elementCount(element);
    this.#orders.take(taken);
    this.#delivered[channel]! += taken;
    this.#observe(channel, element);
    return { kind: "element", channel, element };
  }

  /** What is to be delivered next has not come: whoever sends it may first need room for what comes on other channels. */
  mayExceed(channel: number): boolean {
    const awaited = this.#orders.channel;
    return awaited >= 0 && channel !== awaited && this.#isEmpty(awaited);
  }

  blockedChannels(): readonly number[] {
    return [...this.#queues.keys()].filter((channel) => channel !== this.#orders.channel && !this.#isEmpty(channel));
  }

  snapshot(writer: SnapshotWriter): void {
    assert(this.#due.length === 0, "a snapshot between an element and what follows from it");
    this.#log.snapshot(writer);
    this.#orders.snapshot(writer);
    writer.f64(this.#forwarded);
    writer.f64(this.#flagged?.heartbeat ?? 0);
    writer.f64(this.#flagged?.checkpointId ?? 0);
    for (const values of [this.#delivered, this.#shown, this.#flags]) writer.f64s(values, 0, values.length);
  }

  restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    assert(this.#queued === 0 && this.#orders.length === 0, "restore before the first element");
    this.#log.restore(reader, attempt);
    this.#orders.restore(reader);
    this.#forwarded = reader.f64();
    const [heartbeat, checkpointId] = [reader.f64(), reader.f64()];
    this.#flagged = heartbeat === 0 ? null : { heartbeat, checkpointId };
    for (const values of [this.#delivered, this.#shown, this.#flags]) {
      for (let channel = 0; channel < values.length; channel++) values[channel] = reader.f64();
    }
    if (attempt === "next") this.#beginAnew();
    const ordered = this.#delivered.slice();
    const runs = this.#orders.toArray();
    for (let at = 0; at < runs.length; at += 2) ordered[runs[at]!]! += runs[at + 1]!;
    for (const [channel, delivered] of this.#delivered.entries()) {
      this.ordering.restore(channel, delivered, ordered[channel]!, this.#flags[channel]!);
    }
  }

  /** A new attempt orders anew and counts its heartbeats from 1: all that is left is what was delivered, and which channels have ended. */
  #beginAnew(): void {
    this.#orders.clear();
    this.#forwarded = 0;
    this.#flagged = null;
    for (const shown of [this.#shown, this.#flags]) {
      for (let channel = 0; channel < shown.length; channel++) if (shown[channel] !== END) shown[channel] = 0;
    }
  }

  #isEmpty(channel: number): boolean {
    return this.#rests[channel] === null && this.#queues[channel]!.length === 0;
  }

  /** The next element of the channel, or its first `count` numbers. */
  #take(channel: number, count: number): Element | null {
    const element = this.#rests[channel] ?? this.#queues[channel]!.shift();
    if (element === undefined) return null;
    if (element.kind !== "records" || element.count <= count) {
      this.#rests[channel] = null;
      this.#queued--;
      return element;
    }
    this.#rests[channel] = trimBefore(element, element.first + count);
    return { ...element, count };
  }

  #observe(channel: number, element: Element): void {
    const flagged = this.#flagged;
    const isBehind = flagged !== null && this.#shown[channel]! >= flagged.heartbeat;
    assert(!isBehind, "ordered behind a flagged heartbeat that others lack", { channel });
    if (element.kind === "heartbeat") this.#show(channel, element.heartbeat, element.checkpointId);
    else if (element.kind === "end") this.#show(channel, END, null);
  }

  #show(channel: number, heartbeat: number, checkpointId: number | null): void {
    this.#shown[channel] = heartbeat;
    if (checkpointId !== null || heartbeat === END) this.#flags[channel] = heartbeat;
    if (checkpointId !== null) this.#flagged ??= { heartbeat, checkpointId };
    let least = END;
    for (const shown of this.#shown) least = Math.min(least, shown);
    if (least <= this.#forwarded) return;
    const flagged = this.#flagged;
    if (flagged !== null && least >= flagged.heartbeat) {
      this.#flagged = null;
      this.#log.onBarrier(flagged.checkpointId);
      this.#due.push({ kind: "barrier", checkpointId: flagged.checkpointId });
      this.#forward(flagged.heartbeat, flagged.checkpointId);
    } else if (least !== END) this.#forward(least, null);
  }

  #forward(heartbeat: number, checkpointId: number | null): void {
    this.#forwarded = heartbeat;
    this.#due.push({ kind: "forward", heartbeat, checkpointId });
  }
}
