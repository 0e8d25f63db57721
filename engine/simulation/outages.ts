import type { Universe } from "./universe.ts";

/**
 * When a simulated log does nothing, because its brokers elect new leaders: as the conditions say, and when it is told to. Single
 * processes may be cut off from it as well.
 */
export class Outages {
  readonly #universe: Universe;
  #nextUs: number;
  #endUs = 0;
  readonly #cutOffUntilUs = new Map<string, number>();
  #met = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    const { failovers } = universe.conditions;
    this.#nextUs = failovers === null ? Number.POSITIVE_INFINITY : universe.nowUs + universe.drawn(failovers.everyUs);
  }

  /** Requests that met one. */
  get met(): number {
    return this.#met;
  }

  /** For this process. */
  isOut(process: string): boolean {
    const isOut = this.#isOut() || this.#universe.nowUs < (this.#cutOffUntilUs.get(process) ?? 0);
    if (isOut) this.#met++;
    return isOut;
  }

  /** The process alone does not reach the log for `lengthUs` from now on. */
  cutOff(process: string, lengthUs: number): void {
    const { nowUs, trace } = this.#universe;
    this.#cutOffUntilUs.set(process, Math.max(this.#cutOffUntilUs.get(process) ?? 0, nowUs + lengthUs));
    trace.line(nowUs, `${process} does not reach the log for ${lengthUs} µs`);
  }

  #isOut(): boolean {
    const { nowUs, conditions } = this.#universe;
    if (conditions.failovers !== null && nowUs >= this.#nextUs) {
      const { everyUs, lengthUs } = conditions.failovers;
      // It is noticed by who asks first: one that ended before that has bothered nobody.
      this.begin(this.#universe.drawn(lengthUs));
      this.#nextUs = this.#endUs + this.#universe.drawn(everyUs);
    }
    return nowUs < this.#endUs;
  }

  /** When the latest one is over for this process, µs. */
  endUs(process: string): number {
    return Math.max(this.#endUs, this.#cutOffUntilUs.get(process) ?? 0);
  }

  /** The log is out for `lengthUs` from now on. */
  begin(lengthUs: number): void {
    const { nowUs, situations, trace } = this.#universe;
    this.#endUs = Math.max(this.#endUs, nowUs + lengthUs);
    situations.meet("failover");
    trace.line(nowUs, `the log is out for ${lengthUs} µs`);
  }
}
