import type { Universe } from "./universe.ts";

/**
 * Which processes cannot reach which others, or only late, and until when. What is sent in a partition waits, as TCP's retransmission has it: connections
 * stay, nothing is lost, and it arrives when the partition is over.
 */
export class Partitions {
  readonly #universe: Universe;
  readonly #endUs = new Map<string, number>();
  /** Messages that had to wait. */
  #held = 0;
  #heldOneWay = 0;
  readonly #slow = new Map<string, { readonly delayUs: number; readonly endUs: number }>();
  #delayed = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  get held(): number {
    return this.#held;
  }

  /** Of these, messages of a direction of which the other one was open. */
  get heldOneWay(): number {
    return this.#heldOneWay;
  }

  /** Messages that came late because their link was slow. */
  get delayed(): number {
    return this.#delayed;
  }

  /** What `from` sends to `to` takes `delayUs` longer for `lengthUs` from now on. */
  slow(from: string, to: string, delayUs: number, lengthUs: number): void {
    const { nowUs, trace } = this.#universe;
    this.#slow.set(`${from}>${to}`, { delayUs, endUs: nowUs + lengthUs });
    trace.line(nowUs, `${from} reaches ${to} ${delayUs} µs late for ${lengthUs} µs`);
  }

  /** How much later than usual a message arrives that is sent now, µs. */
  takeDelayUs(from: string, to: string): number {
    const slow = this.#slow.size === 0 ? undefined : this.#slow.get(`${from}>${to}`);
    if (slow === undefined || slow.endUs <= this.#universe.nowUs) return 0;
    this.#delayed++;
    return slow.delayUs;
  }

  /** Nothing of `from` reaches `to` for `lengthUs` from now on. */
  cut(from: string, to: string, lengthUs: number): void {
    const { nowUs, trace } = this.#universe;
    this.#endUs.set(`${from}>${to}`, Math.max(this.endUs(from, to), nowUs + lengthUs));
    trace.line(nowUs, `${from} does not reach ${to} for ${lengthUs} µs`);
  }

  isCut(from: string, to: string): boolean {
    return this.#endUs.size > 0 && this.endUs(from, to) > this.#universe.nowUs;
  }

  /** When the latest one is over, µs; 0: there was none. */
  endUs(from: string, to: string): number {
    return this.#endUs.get(`${from}>${to}`) ?? 0;
  }

  onHeld(from: string, to: string): void {
    this.#held++;
    if (!this.isCut(to, from)) this.#heldOneWay++;
  }
}
