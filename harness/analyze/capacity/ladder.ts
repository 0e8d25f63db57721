import { assert } from "../../../base/assert.ts";

const SIGNIFICANT_DIGITS = 4;

/**
 * The rates that a search may try: a geometric ladder through the first rate, each rung `precision` above the one below. Rungs are whole
 * numbers, so that a search ends: there are finitely many of them.
 */
export class Ladder {
  readonly lowest: number;
  readonly highest: number;
  /** Rungs to double the rate, at least one. */
  readonly doubling: number;
  readonly #start: number;
  readonly #logStep: number;

  /** `least` ≤ `start` ≤ `most`, events per second; `precision` as a share, at least 0.01. */
  constructor(bounds: {
    readonly start: number;
    readonly least: number;
    readonly most: number;
    readonly precision: number;
  }) {
    const { start, least, most, precision } = bounds;
    assert(precision >= 0.01, "finer rungs could be the same rate");
    assert(least > 0 && least <= start && start <= most, "a search begins between its bounds");
    this.#start = start;
    this.#logStep = Math.log1p(precision);
    // The slack keeps a bound that is itself a rung.
    this.lowest = Math.ceil(Math.log(least / start) / this.#logStep - 1e-9);
    this.highest = Math.floor(Math.log(most / start) / this.#logStep + 1e-9);
    this.doubling = Math.max(1, Math.ceil(Math.log(2) / this.#logStep));
  }

  /** Events per second, to four digits: a rate that can be written in a config. */
  rateOf(rung: number): number {
    return Number((this.#start * Math.exp(rung * this.#logStep)).toPrecision(SIGNIFICANT_DIGITS));
  }

  /** The rung whose rate this is. */
  rungOf(ratePerSecond: number): number {
    return Math.round(Math.log(ratePerSecond / this.#start) / this.#logStep);
  }

  /** The rung, or the nearest one on the ladder. */
  clamp(rung: number): number {
    return Math.max(this.lowest, Math.min(this.highest, rung));
  }
}
