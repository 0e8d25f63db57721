import { assert, unreachable } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import { FIRST_FLAGGED_HEARTBEAT } from "../replication/flagged-heartbeat.ts";
import type { Element } from "../task/element.ts";
import { Fifo } from "./fifo.ts";
import type { Merge, MergeEvent, RestoringAttempt } from "./merge.ts";

const END = Number.POSITIVE_INFINITY;

/**
 * The leaderless merge of replicated jobs: a round robin over the channels, cut into epochs by heartbeats (LiveRobin: Rosinosky et
 * al., "Active replication for latency-sensitive stream processing in Apache Flink", SRDS 2021). A channel is drained up to its
 * heartbeat, then the turn goes to one that has not shown the current epoch, so that the order of delivery is a function of what the
 * channels hold, never of when it came. Works on the slices that it is offered, not on records.
 *
 * Added to the published algorithm, which gives the same order where none of this occurs: a channel's end counts as a heartbeat of infinite number that is never forwarded; the turn moves
 * on backwards from channels that have ended. A heartbeat flagged with a checkpoint is forwarded when every channel has shown it.
 * A channel may pass heartbeats over, but none that is flagged.
 */
export class LiveRobin implements Merge {
  readonly #queues: readonly Fifo<Element>[];
  /** The latest heartbeat delivered of each channel; infinite once it has ended. */
  readonly #shown: Float64Array;
  /** The latest heartbeat offered on each channel; infinite once its end was. */
  readonly #offered: Float64Array;
  #queued = 0;
  #turn = 0;
  #epoch = 0;
  #forwarded = 0;
  #flagged: { readonly heartbeat: number; readonly checkpointId: number } | null = null;
  /** What follows the element just given. */
  readonly #due = new Fifo<MergeEvent>();

  constructor(channels: number) {
    assert(channels >= 1, "a merge needs a channel");
    this.#queues = Array.from({ length: channels }, () => new Fifo<Element>());
    this.#shown = new Float64Array(channels);
    this.#offered = new Float64Array(channels);
  }

  /** Turns, not barriers, decide who waits here. */
  get alignmentBytes(): number {
    return 0;
  }

  get queued(): number {
    return this.#queued;
  }

  offer(channel: number, element: Element): void {
    const queue = this.#queues[channel];
    assert(queue !== undefined, "unknown channel", { channel });
    if (element.kind === "heartbeat") this.#offered[channel] = element.heartbeat;
    else if (element.kind === "end") this.#offered[channel] = END;
    queue.push(element);
    this.#queued++;
  }

  next(): MergeEvent | null {
    const due = this.#due.shift();
    if (due !== undefined) return due;
    const channel = this.#turn;
    const element = this.#queues[channel]!.shift();
    if (element === undefined) return null;
    this.#queued--;
    this.#observe(channel, element);
    return { kind: "element", channel, element };
  }

  /**
   * The turn waits for a heartbeat that this channel has not got yet either: who sends both may need room here to get to it. So a
   * bounded channel may take more; without that a skewed diamond stops for ever.
   */
  mayExceed(channel: number, putBy = 0): boolean {
    return Math.max(this.#offered[channel]!, putBy) < Math.max(this.#epoch, this.#shown[this.#turn]! + 1);
  }

  blockedChannels(): readonly number[] {
    return [...this.#queues.keys()].filter((channel) => channel !== this.#turn && this.#queues[channel]!.length > 0);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#turn);
    writer.f64(this.#epoch);
    writer.f64(this.#forwarded);
    writer.f64(this.#flagged?.heartbeat ?? 0);
    writer.f64(this.#flagged?.checkpointId ?? 0);
    for (const heartbeat of this.#shown) writer.f64(heartbeat);
  }

  restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    assert(this.#queued === 0, "restore before the first element");
    this.#turn = reader.u32();
    this.#epoch = reader.f64();
    this.#forwarded = reader.f64();
    const [heartbeat, checkpointId] = [reader.f64(), reader.f64()];
    this.#flagged = heartbeat === 0 ? null : { heartbeat, checkpointId };
    for (let channel = 0; channel < this.#shown.length; channel++) this.#shown[channel] = reader.f64();
    if (attempt === "next") this.#beginAnew();
    this.#offered.set(this.#shown);
  }

  /** A new attempt counts its heartbeats from 1, and nothing is under way on any channel: all that is left is which have ended. */
  #beginAnew(): void {
    this.#turn = 0;
    this.#epoch = 0;
    this.#forwarded = 0;
    this.#flagged = null;
    for (let channel = 0; channel < this.#shown.length; channel++) {
      if (this.#shown[channel] !== END) this.#shown[channel] = 0;
    }
    this.#passEnded();
  }

  #observe(channel: number, element: Element): void {
    switch (element.kind) {
      case "records":
      case "watermark":
        return;
      case "heartbeat":
        this.#forward(element.heartbeat, element.checkpointId);
        this.#show(channel, element.heartbeat);
        return;
      case "end":
        this.#show(channel, END);
        return;
      case "barrier":
        assert(false, "barriers of replicated jobs ride on heartbeats");
        return;
      default:
        unreachable(element, "element");
    }
  }

  /** At its first receipt, unless it is flagged. */
  #forward(heartbeat: number, checkpointId: number | null): void {
    if (heartbeat <= this.#forwarded) return;
    assert(this.#flagged === null, "a heartbeat overtakes a flagged one", { heartbeat });
    this.#forwarded = heartbeat;
    if (checkpointId === null) {
      this.#due.push({ kind: "forward", heartbeat, checkpointId });
      return;
    }
    assert(heartbeat >= FIRST_FLAGGED_HEARTBEAT, "a checkpoint on too early a heartbeat", { heartbeat });
    this.#flagged = { heartbeat, checkpointId };
  }

  /** Channel `channel`, whose turn it is, has shown `heartbeat`: moves the turn, or begins the next epoch. */
  #show(channel: number, heartbeat: number): void {
    this.#shown[channel] = heartbeat;
    // A channel that is behind by more than it can be while none passes heartbeats over catches up before the epoch goes on.
    if (this.#othersHaveShown() && heartbeat >= this.#epoch - 1) {
      this.#epoch++;
      // At the start, as published, the first channel to show heartbeat 1 keeps the turn.
      if (heartbeat >= Math.max(this.#epoch, 2) && heartbeat !== END) {
        // It has passed some over: the others catch up with it.
        this.#epoch = heartbeat;
        if (this.#othersHaveShown()) this.#epoch++;
      }
    }
    this.#releaseFlagged();
    this.#passEnded();
    this.#stopAtFlagged();
  }

  /** Have all other channels shown the current epoch? If not, one that has not gets the turn. */
  #othersHaveShown(): boolean {
    const channels = this.#shown.length;
    let pending = channels;
    for (let step = channels - 1; step >= 1; step--) {
      // As published: the turn may have moved earlier in this very loop.
      const other = (this.#turn + step) % channels;
      if (this.#shown[other]! >= this.#epoch) pending--;
      else this.#turn = other;
    }
    return pending === 1;
  }

  #releaseFlagged(): void {
    const flagged = this.#flagged;
    if (flagged === null || !this.#shown.every((heartbeat) => heartbeat >= flagged.heartbeat)) return;
    this.#flagged = null;
    this.#due.push({ kind: "barrier", checkpointId: flagged.checkpointId });
    this.#due.push({ kind: "forward", ...flagged });
  }

  #passEnded(): void {
    const channels = this.#shown.length;
    for (let step = 0; step < channels && this.#shown[this.#turn] === END; step++) {
      this.#turn = (this.#turn + channels - 1) % channels;
    }
  }

  /** The turn of a channel that has ended may have come to one that has shown the flagged heartbeat: others, who have not, go first. */
  #stopAtFlagged(): void {
    const flagged = this.#flagged;
    const channels = this.#shown.length;
    if (flagged === null) return;
    for (let step = 0; step < channels && this.#shown[this.#turn]! >= flagged.heartbeat; step++) {
      this.#turn = (this.#turn + channels - 1) % channels;
    }
  }
}
