import type { Universe } from "./universe.ts";

/** When a simulated log does nothing, because its brokers elect new leaders: as the conditions say, and when it is told to. */
export class Outages {
  readonly #universe: Universe;
  #nextUs: number;
  #endUs = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    const { failovers } = universe.conditions;
    this.#nextUs = failovers === null ? Number.POSITIVE_INFINITY : universe.nowUs + universe.drawn(failovers.everyUs);
  }

  isOut(): boolean {
    const { nowUs, conditions } = this.#universe;
    if (conditions.failovers !== null && nowUs >= this.#nextUs) {
      const { everyUs, lengthUs } = conditions.failovers;
      // It is noticed by who asks first: one that ended before that has bothered nobody.
      this.begin(this.#universe.drawn(lengthUs));
      this.#nextUs = this.#endUs + this.#universe.drawn(everyUs);
    }
    return nowUs < this.#endUs;
  }

  /** When the latest one is over, µs. */
  endUs(): number {
    return this.#endUs;
  }

  /** The log is out for `lengthUs` from now on. */
  begin(lengthUs: number): void {
    const { nowUs, situations, trace } = this.#universe;
    this.#endUs = Math.max(this.#endUs, nowUs + lengthUs);
    situations.meet("failover");
    trace.line(nowUs, `the log is out for ${lengthUs} µs`);
  }
}
