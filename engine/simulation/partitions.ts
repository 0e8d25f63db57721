import type { Universe } from "./universe.ts";

/**
 * Which processes cannot reach which others, and until when. What is sent meanwhile waits, as TCP's retransmission has it: connections
 * stay, nothing is lost, and it arrives when the partition is over.
 */
export class Partitions {
  readonly #universe: Universe;
  readonly #endUs = new Map<string, number>();
  /** Messages that had to wait. */
  #held = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  get held(): number {
    return this.#held;
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

  onHeld(): void {
    this.#held++;
  }
}
