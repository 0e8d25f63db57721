import { assert } from "../../base/assert.ts";

export interface QueuedEvent {
  readonly timeUs: number;
  /** Breaks ties: events of one time happen in the order in which they were asked for. */
  readonly sequence: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Virtual time: events in order of (time, order of asking). A binary heap. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #nowUs = 0;
  #sequence = 0;
  #steps = 0;
  /** By step, ascending. */
  readonly #atSteps: { readonly step: number; readonly run: () => void }[] = [];

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events that have happened. */
  get steps(): number {
    return this.#steps;
  }

  get length(): number {
    return this.#heap.length;
  }

  /** `run` happens at `timeUs`, not before now. */
  at(timeUs: number, run: () => void): QueuedEvent {
    assert(timeUs >= this.#nowUs && Number.isFinite(timeUs), "an event in the past", { timeUs, nowUs: this.#nowUs });
    const event = { timeUs, sequence: this.#sequence++, run, cancelled: false };
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return event;
  }

  /** `run` happens right after event number `step` (1, 2 …), between two events. */
  afterStep(step: number, run: () => void): void {
    assert(step > this.#steps, "a step in the past", { step, steps: this.#steps });
    const at = this.#atSteps.findIndex((other) => other.step > step);
    this.#atSteps.splice(at < 0 ? this.#atSteps.length : at, 0, { step, run });
  }

  /** Lets the next event happen; null when there is none, else the event. */
  step(): QueuedEvent | null {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) return null;
      if (event.cancelled) continue;
      this.#nowUs = event.timeUs;
      this.#steps++;
      event.run();
      while (this.#atSteps[0]?.step === this.#steps) this.#atSteps.shift()!.run();
      return event;
    }
  }

  #pop(): QueuedEvent | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top !== undefined && last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#siftDown();
    }
    return top;
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const event = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const event = heap[0]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, event)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = event;
  }
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.timeUs !== b.timeUs ? a.timeUs < b.timeUs : a.sequence < b.sequence;
}
