import { assert, unreachable } from "../../base/assert.ts";
import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Element } from "../task/element.ts";
import { Fifo } from "./fifo.ts";
import type { Merge, MergeEvent, RestoringAttempt } from "./merge.ts";
import { StampedQueue } from "./stamped-queue.ts";

const END = Number.POSITIVE_INFINITY;

/**
 * The deterministic merge by time: within an epoch rows come in the order of (stamp, channel), where a row's stamp is the largest event
 * time of its channel in that epoch so far (after Aguilera and Strom, "Efficient atomic broadcast using deterministic merge", PODC 2000,
 * without a bias of channels against each other). The order is a function of what the channels hold, never of when it came.
 *
 * A channel's heartbeat ends its part of the epoch and comes behind all rows of all channels in it. What follows heartbeat p on a channel
 * belongs to epoch p + 1, whatever number its next heartbeat has: a channel that passes some over takes no part in the epochs between.
 * A heartbeat is forwarded, and a flagged one cut, when every channel has shown it or a later one; a channel's end counts as all of them.
 */
export class TimeBias implements Merge {
  readonly #queues: readonly StampedQueue[];
  /** Latest heartbeat delivered of each channel; infinite once it has ended. */
  readonly #shown: Float64Array;
  /** Latest heartbeat offered on each channel; infinite once its end was. */
  readonly #offered: Float64Array;
  /** The least heartbeat shown. Channels that have shown no more are open: the others wait for the next epochs. */
  #complete = 0;
  #queued = 0;
  #flagged: { readonly heartbeat: number; readonly checkpointId: number } | null = null;
  /** What follows the element just given. */
  readonly #due = new Fifo<MergeEvent>();
  /** Result of `#look`: the open channel that is next (−1: none is open), and the one after it with its stamp. */
  #next = -1;
  #limit = END;
  #limitChannel = END;

  constructor(channels: number) {
    assert(channels >= 1, "a merge needs a channel");
    this.#queues = Array.from({ length: channels }, () => new StampedQueue());
    this.#shown = new Float64Array(channels);
    this.#offered = new Float64Array(channels);
  }

  /** Stamps, not barriers, decide who waits here. */
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
    this.#look();
    const channel = this.#next;
    const queue = this.#queues[channel];
    if (queue === undefined || queue.length === 0) return null;
    const before = queue.length;
    const element = queue.take(this.#limit, channel < this.#limitChannel);
    this.#queued -= before - queue.length;
    this.#observe(channel, element);
    return { kind: "element", channel, element };
  }

  /**
   * The next channel has nothing, and this one has not got the heartbeat that ends the epoch: who sends both may need room here to get to it.
   * So a bounded channel may take more; without that a skewed diamond stops for ever.
   */
  mayExceed(channel: number, putBy = 0): boolean {
    if (Math.max(this.#offered[channel]!, putBy) > this.#complete) return false;
    this.#look();
    return this.#next >= 0 && this.#next !== channel && this.#queues[this.#next]!.length === 0;
  }

  blockedChannels(): readonly number[] {
    this.#look();
    return [...this.#queues.keys()].filter((channel) => channel !== this.#next && this.#queues[channel]!.length > 0);
  }

  snapshot(writer: SnapshotWriter): void {
    assert(this.#due.length === 0, "a snapshot between an element and what follows from it");
    writer.f64(this.#flagged?.heartbeat ?? 0);
    writer.f64(this.#flagged?.checkpointId ?? 0);
    // No stamps: what was taken last came before all that is left, so rows of its channel that are older still come next without them.
    for (const shown of this.#shown) writer.f64(shown);
  }

  restore(reader: SnapshotReader, attempt: RestoringAttempt): void {
    assert(this.#queued === 0, "restore before the first element");
    const [heartbeat, checkpointId] = [reader.f64(), reader.f64()];
    this.#flagged = heartbeat === 0 || attempt === "next" ? null : { heartbeat, checkpointId };
    for (let channel = 0; channel < this.#shown.length; channel++) {
      const shown = reader.f64();
      // A new attempt counts its heartbeats from 1: all that is left is which channels have ended.
      this.#shown[channel] = attempt === "next" && shown !== END ? 0 : shown;
    }
    this.#offered.set(this.#shown);
    this.#complete = this.#least();
  }

  /** Finds the open channel with the least (stamp, channel), and that of all others that are open. */
  #look(): void {
    this.#next = -1;
    this.#limit = END;
    this.#limitChannel = END;
    let least = END;
    for (let channel = 0; channel < this.#queues.length; channel++) {
      if (this.#shown[channel]! > this.#complete || this.#shown[channel] === END) continue;
      const { stamp } = this.#queues[channel]!;
      if (this.#next < 0 || stamp < least) {
        if (this.#next >= 0) this.#limitTo(least, this.#next);
        this.#next = channel;
        least = stamp;
      } else if (this.#limitChannel === END || stamp < this.#limit) {
        this.#limitTo(stamp, channel);
      }
    }
  }

  #limitTo(stamp: number, channel: number): void {
    this.#limit = stamp;
    this.#limitChannel = channel;
  }

  #observe(channel: number, element: Element): void {
    switch (element.kind) {
      case "records":
        return;
      case "heartbeat":
        this.#show(channel, element.heartbeat, element.checkpointId);
        return;
      case "end":
        this.#show(channel, END, null);
        return;
      case "watermark":
      case "barrier":
        assert(false, "watermarks and barriers of replicated jobs ride on heartbeats");
        return;
      default:
        unreachable(element, "element");
    }
  }

  #show(channel: number, heartbeat: number, checkpointId: number | null): void {
    assert(heartbeat > this.#shown[channel]!, "heartbeats grow", { channel, heartbeat });
    this.#shown[channel] = heartbeat;
    if (checkpointId !== null) this.#flagged ??= { heartbeat, checkpointId };
    const complete = this.#least();
    if (complete === this.#complete) return;
    this.#complete = complete;
    const flagged = this.#flagged;
    assert(flagged === null || complete <= flagged.heartbeat, "a flagged heartbeat was passed over", { complete });
    if (complete === flagged?.heartbeat) {
      this.#flagged = null;
      this.#due.push({ kind: "barrier", checkpointId: flagged.checkpointId });
      this.#due.push({ kind: "forward", ...flagged });
    } else if (complete !== END) this.#due.push({ kind: "forward", heartbeat: complete, checkpointId: null });
  }

  #least(): number {
    let least = END;
    for (const shown of this.#shown) least = Math.min(least, shown);
    return least;
  }
}
