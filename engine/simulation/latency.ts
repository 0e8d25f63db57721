import type { LatencyModel } from "./conditions.ts";
import type { Universe } from "./universe.ts";

/** Latencies of one instance of something: around its own typical one, with a stall now and then. */
export class Latency {
  readonly #universe: Universe;
  readonly #model: LatencyModel;
  readonly #typicalUs: number;

  constructor(universe: Universe, model: LatencyModel) {
    this.#universe = universe;
    this.#model = model;
    this.#typicalUs = universe.drawn(model.typicalUs);
  }

  /** The next one, µs. */
  nextUs(): number {
    const { random, situations } = this.#universe;
    const { stallOneIn, stallFactor } = this.#model;
    const usualUs = (this.#typicalUs >> 1) + random.below(this.#typicalUs + 1);
    if (stallOneIn === 0 || random.below(stallOneIn) > 0) return usualUs;
    situations.meet("stall");
    return usualUs * stallFactor;
  }
}
