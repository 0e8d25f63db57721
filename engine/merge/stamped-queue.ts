import { present } from "../../base/assert.ts";
import { EVENT_TIME_AT, rowBytes } from "../rows/binary-layout.ts";
import type { Element, RecordsElement } from "../task/element.ts";
import { Fifo } from "./fifo.ts";

const NEVER = Number.NEGATIVE_INFINITY;
const AFTER_ALL = Number.POSITIVE_INFINITY;
const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * The elements of one channel with a stamp each, which never falls within an epoch: a row's is the largest event time of the channel since
 * its last heartbeat, the row's own included; a heartbeat's and the end's is +∞. So a row that is out of order goes with the one before it,
 * and where a slice was cut makes no difference.
 */
export class StampedQueue {
  readonly #elements = new Fifo<Element>();
  /** Stamp of the last row taken since the last heartbeat. */
  #floor = NEVER;
  /** Of the oldest element, if that is rows: what is left of it, and where in its payload the next row begins. */
  #first = 0;
  #left = 0;
  #at = 0;
  #view: DataView = NO_VIEW;
  #stamp = NEVER;

  get length(): number {
    return this.#elements.length;
  }

  /** Stamp of the next element; of an empty queue the least that it may have. */
  get stamp(): number {
    return this.#stamp;
  }

  push(element: Element): void {
    this.#elements.push(element);
    if (this.#elements.length === 1) this.#begin();
  }

  /** The next element; of rows those with stamps below `limit`, or at it where it is `included`, but one at least. The queue is not empty. */
  take(limit: number, included: boolean): Element {
    const element = present(this.#elements.peek(), "element of an empty channel");
    if (element.kind === "records") return this.#takeRows(element, limit, included);
    this.#elements.shift();
    this.#floor = NEVER;
    this.#begin();
    return element;
  }

  #takeRows(element: RecordsElement, limit: number, included: boolean): Element {
    const [first, from] = [this.#first, this.#at];
    let count = 0;
    do {
      this.#floor = this.#stamp;
      this.#at += rowBytes(this.#view, this.#at);
      count++;
      if (count < this.#left) this.#stamp = this.#stampOfRow();
    } while (count < this.#left && (this.#stamp < limit || (included && this.#stamp === limit)));
    // Without the rows before it: to skip those again for every slice would cost the square of their number.
    const payload = element.payload.subarray(from, this.#at);
    this.#first += count;
    this.#left -= count;
    if (this.#left === 0) {
      this.#elements.shift();
      this.#begin();
    }
    return { kind: "records", first, count, skip: 0, payload };
  }

  /** An element has become the oldest, or there is none. */
  #begin(): void {
    const element = this.#elements.peek();
    if (element === undefined) {
      this.#view = NO_VIEW;
      this.#stamp = this.#floor;
      return;
    }
    if (element.kind !== "records") {
      this.#stamp = AFTER_ALL;
      return;
    }
    const { first, count, skip, payload } = element;
    this.#first = first;
    this.#left = count;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#at = 0;
    for (let row = 0; row < skip; row++) this.#at += rowBytes(this.#view, this.#at);
    this.#stamp = this.#stampOfRow();
  }

  #stampOfRow(): number {
    const timeMs = this.#view.getFloat64(this.#at + EVENT_TIME_AT, true);
    // Also where a row has no time (NaN), which is before all others.
    if (timeMs > this.#floor) return timeMs;
    return this.#floor;
  }
}
