import { Fifo } from "../merge/fifo.ts";
import type { Element } from "./element.ts";
import { WatermarkTracker } from "./watermark-tracker.ts";

/** What came over one feedback channel. */
interface FeedbackElement {
  readonly channel: number;
  readonly element: Element;
}

/**
 * The channels that bring a loop's rows back to its head. They go past the merge: the head takes them also while it takes nothing else,
 * and their watermarks (rounds, see `operators/loop-head.ts`) say nothing about the task's event time.
 */
export class FeedbackInput {
  readonly #queue = new Fifo<FeedbackElement>();
  /** Place of a logical channel among the feedback channels. */
  readonly #places: ReadonlyMap<number, number>;
  readonly #watermarks: WatermarkTracker;
  #open: number;

  /** `channels`: numbers of the logical channels. */
  constructor(channels: readonly number[]) {
    this.#places = new Map(channels.map((channel, place) => [channel, place]));
    this.#watermarks = new WatermarkTracker(channels.length);
    this.#open = channels.length;
  }

  get ended(): boolean {
    return this.#open === 0;
  }

  /** The smallest over all feedback channels. */
  get watermarkMs(): number {
    return this.#watermarks.minimum;
  }

  offer(channel: number, element: Element): void {
    this.#queue.push({ channel, element });
  }

  /** Removes and returns what came first; null when there is nothing. */
  next(): FeedbackElement | null {
    return this.#queue.shift() ?? null;
  }

  processed(channel: number, element: Element): void {
    const place = this.#places.get(channel)!;
    if (element.kind === "watermark") this.#watermarks.update(place, element.timeMs);
    if (element.kind === "end") this.#open -= 1;
  }
}
