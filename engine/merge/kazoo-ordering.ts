import { assert } from "../../base/assert.ts";
import type { Element } from "../task/element.ts";
import { elementCount } from "../task/element.ts";
import { RunQueue } from "./kazoo-runs.ts";

/** What a replica may order when it leads its group. Counts are element numbers. */
export interface Ordering {
  /** `element` has arrived on `channel`. */
  offer(channel: number, element: Element): void;
  /** An order that counts was read from the log: the next `count` of `channel`. */
  onOrdered(channel: number, count: number): void;
  /** Leads from now on: has read the log up to its own claim. */
  begin(): void;
  /** Leads no more. */
  end(): void;
  /** What is to be appended now, at most `maxRuns` runs (channel, count …); null: nothing. It counts as issued. */
  take(maxRuns: number): readonly number[] | null;
  /** Some of what was issued has not been read yet. */
  readonly unread: boolean;
  /** What a snapshot says: delivered up to `delivered`, of which the latest flagged heartbeat is `flag`; `ordered` lies at or beyond it. */
  restore(channel: number, delivered: number, ordered: number, flag: number): void;
}

/** A place where the order stops: a flagged heartbeat, or a channel's end (heartbeat +∞). */
interface Stop {
  readonly number: number;
  readonly heartbeat: number;
}

/**
 * Counts what has arrived and what is ordered, per channel, on every replica; while it leads, also what it has issued. A leader issues only
 * numbers issued + 1 … arrived, in the order of arrival, each channel to its next flagged heartbeat and no further until that one is
 * issued on every channel: so what lies before a checkpoint is the same on all of them.
 */
export class KaZooOrdering implements Ordering {
  readonly #arrived: Float64Array;
  readonly #ordered: Float64Array;
  readonly #issued: Float64Array;
  /** Latest flagged heartbeat among what is ordered, as far as it has arrived here; +∞: the end. */
  readonly #orderedFlag: Float64Array;
  readonly #issuedFlag: Float64Array;
  /** Stops that have arrived and are not ordered yet, ascending. */
  readonly #stops: Stop[][];
  /** Arrived and not issued, in order of arrival; of a leader only. */
  #sequence = new RunQueue();
  /** Empty between takes; so are the others. */
  #rest = new RunQueue();
  readonly #taken = new RunQueue();
  #leads = false;

  constructor(channels: number) {
    this.#arrived = new Float64Array(channels);
    this.#ordered = new Float64Array(channels);
    this.#issued = new Float64Array(channels);
    this.#orderedFlag = new Float64Array(channels);
    this.#issuedFlag = new Float64Array(channels);
    this.#stops = Array.from({ length: channels }, () => []);
  }

  get unread(): boolean {
    return this.#leads && this.#issued.some((issued, channel) => issued > this.#ordered[channel]!);
  }

  offer(channel: number, element: Element): void {
    const before = this.#arrived[channel]!;
    const count = elementCount(element);
    assert(element.first === before + 1, "elements come in order", { channel, first: element.first, before });
    this.#arrived[channel] = before + count;
    const heartbeat = stopHeartbeat(element);
    if (heartbeat !== null) this.#addStop(channel, { number: element.first, heartbeat });
    if (!this.#leads) return;
    const fresh = before + count - Math.max(before, this.#issued[channel]!);
    if (fresh > 0) this.#sequence.push(channel, fresh);
  }

  onOrdered(channel: number, count: number): void {
    this.#ordered[channel]! += count;
    this.#passStops(channel);
  }

  begin(): void {
    this.#leads = true;
    this.#issued.set(this.#ordered);
    this.#issuedFlag.set(this.#orderedFlag);
    this.#sequence.clear();
    for (let channel = 0; channel < this.#arrived.length; channel++) {
      const count = this.#arrived[channel]! - this.#issued[channel]!;
      if (count > 0) this.#sequence.push(channel, count);
    }
  }

  end(): void {
    this.#leads = false;
    this.#sequence.clear();
  }

  take(maxRuns: number): readonly number[] | null {
    if (!this.#leads || this.#sequence.length === 0) return null;
    const taken = this.#taken;
    // A flag that is now issued everywhere lets go what waited for it: once more then.
    while (this.#takeOnce(taken, maxRuns));
    if (taken.length === 0) return null;
    const runs = taken.toArray();
    taken.clear();
    return runs;
  }

  restore(channel: number, delivered: number, ordered: number, flag: number): void {
    this.#arrived[channel] = delivered;
    this.#ordered[channel] = ordered;
    this.#orderedFlag[channel] = flag;
  }

  /** One pass over what waits, in order of arrival. true: a flag is complete, more may go. */
  #takeOnce(taken: RunQueue, maxRuns: number): boolean {
    const complete = this.#completeFlag();
    const [sequence, rest] = [this.#sequence, this.#rest];
    while (sequence.length > 0) {
      const { channel, count } = sequence;
      const open = taken.length < maxRuns ? Math.min(count, this.#room(channel, complete)) : 0;
      if (open > 0) this.#issue(taken, channel, open);
      if (open < count) rest.push(channel, count - open);
      sequence.take(count);
    }
    this.#sequence = rest;
    this.#rest = sequence;
    return rest.length > 0 && taken.length < maxRuns && this.#completeFlag() > complete;
  }

  #issue(taken: RunQueue, channel: number, count: number): void {
    taken.push(channel, count);
    this.#issued[channel]! += count;
    for (const { number, heartbeat } of this.#stops[channel]!) {
      if (number > this.#issued[channel]!) break;
      this.#issuedFlag[channel] = heartbeat;
    }
  }

  /** How many numbers of the channel may be issued before it must wait for others. */
  #room(channel: number, complete: number): number {
    if (this.#issuedFlag[channel]! > complete) return 0;
    const issued = this.#issued[channel]!;
    const stop = this.#stops[channel]!.find(({ number }) => number > issued);
    return stop === undefined ? Number.POSITIVE_INFINITY : stop.number - issued;
  }

  /** The latest flagged heartbeat that is issued on every channel. */
  #completeFlag(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const flag of this.#issuedFlag) least = Math.min(least, flag);
    return least;
  }

  #addStop(channel: number, stop: Stop): void {
    this.#stops[channel]!.push(stop);
    // It may have been ordered before it came here.
    this.#passStops(channel);
  }

  #passStops(channel: number): void {
    const stops = this.#stops[channel]!;
    for (let stop = stops[0]; stop !== undefined && stop.number <= this.#ordered[channel]!; stop = stops[0]) {
      this.#orderedFlag[channel] = stop.heartbeat;
      // What was ordered by somebody else before this replica led and comes only now.
      if (stop.heartbeat > this.#issuedFlag[channel]!) this.#issuedFlag[channel] = stop.heartbeat;
      stops.shift();
    }
  }
}

function stopHeartbeat(element: Element): number | null {
  if (element.kind === "end") return Number.POSITIVE_INFINITY;
  return element.kind === "heartbeat" && element.checkpointId !== null ? element.heartbeat : null;
}
