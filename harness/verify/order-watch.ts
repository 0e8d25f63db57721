import type { ObservedAt, ViolationBook } from "./examples.ts";
import type { Match } from "./match.ts";
import { OrderCheck } from "./order-check.ts";
import { PartitionedRecords } from "./partitioned-records.ts";

/** u32 each: ordinal, trigger, expected, order high, order low; u16 each: input and output partition. */
const WAITING_BYTES = 24;
/** Over so many files: each then holds few enough keys for the cache. */
const SPREADS = 256;

export interface OrderWatchOptions {
  readonly book: ViolationBook;
  /** Input partition of an event. */
  readonly partitionOf: (eventIndex: number) => number;
  /** Lanes (key, input partition, output partition) held in memory. */
  readonly mostLanes: number;
  /** Where outputs of further lanes wait. */
  readonly directory: string;
  /** Where an observation was made; asked for examples only. */
  readonly locate: (ordinal: number) => ObservedAt;
}

/**
 * Books outputs that overtook another one of their key (see `OrderCheck`), with bounded memory: once the table is full, the outputs of keys
 * that are not in it wait on disk, spread by key, and are checked at the end, spread by spread.
 */
export class OrderWatch {
  readonly #options: OrderWatchOptions;
  readonly #order: OrderCheck;
  #waiting: PartitionedRecords | null = null;

  constructor(options: OrderWatchOptions) {
    this.#options = options;
    this.#order = new OrderCheck(options.mostLanes);
  }

  /** The next match in the order of observation. */
  onMatch(match: Match): void {
    const { trigger, observation: o, orderHigh, orderLow } = match;
    if (trigger === null) return;
    const inPartition = this.#options.partitionOf(trigger);
    const found = this.#order.next(orderHigh, orderLow, inPartition, o.partition, trigger);
    if (found === "full") this.#wait(match, trigger, inPartition);
    else if (found === "late") this.#late(match.ordinal, match.expected, trigger);
  }

  /** After the last match. */
  finish(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const order = new OrderCheck(waiting.largestCount());
    for (let spread = 0; spread < waiting.partitions; spread++) {
      order.clear();
      waiting.forEach(spread, (view, at) => {
        const trigger = view.getUint32(at + 4, true);
        const [high, low] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
        const [inPartition, outPartition] = [view.getUint16(at + 20, true), view.getUint16(at + 22, true)];
        if (order.next(high, low, inPartition, outPartition, trigger) !== "late") return;
        this.#late(view.getUint32(at, true), view.getUint32(at + 8, true), trigger);
      });
      waiting.release(spread);
    }
  }

  /** Removes the files. */
  dispose(): void {
    this.#waiting?.dispose();
  }

  #wait({ ordinal, expected, observation: o, orderHigh, orderLow }: Match, trigger: number, inPartition: number): void {
    const { directory } = this.#options;
    const partitions = SPREADS;
    this.#waiting ??= new PartitionedRecords({ recordBytes: WAITING_BYTES, partitions, directory, name: "order" });
    const at = this.#waiting.append(orderHigh % partitions);
    const view = this.#waiting.view;
    view.setUint32(at, ordinal, true);
    view.setUint32(at + 4, trigger, true);
    view.setUint32(at + 8, expected, true);
    view.setUint32(at + 12, orderHigh, true);
    view.setUint32(at + 16, orderLow, true);
    view.setUint16(at + 20, inPartition, true);
    view.setUint16(at + 22, o.partition, true);
  }

  #late(ordinal: number, expected: number, trigger: number): void {
    const { book, locate } = this.#options;
    book.add("outOfOrder", ordinal, () => ({ expected, trigger, observation: locate(ordinal) }));
  }
}
