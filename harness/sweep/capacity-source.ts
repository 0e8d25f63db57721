import { type CapacityState, capacityState } from "../analyze/capacity/capacity.ts";
import { sloThresholds } from "../analyze/capacity/vote.ts";
import type { ResolvedCell } from "../config/resolve.ts";
import type { Config } from "../config/schema.ts";
import { formatRate } from "../config/units.ts";
import { rate } from "../report/format.ts";
import type { RunResult } from "./model.ts";
import { estimateRunMs } from "./plan.ts";
import type { NextRun, RunSource } from "./sweep.ts";

export interface CapacitySourceOptions {
  readonly cell: ResolvedCell;
  /** Of an earlier, interrupted search in the same folder. */
  readonly finished: readonly RunResult[];
  readonly clockUs: () => number;
  readonly notice: (text: string) => void;
}

/** The probes of a capacity search as runs, each found from all before it. The search begins again where its finished runs left it. */
export class CapacitySource implements RunSource {
  /** The time limit ended it. */
  isOutOfTime = false;
  readonly #cell: ResolvedCell;
  readonly #results: RunResult[];
  readonly #clockUs: () => number;
  readonly #beganUs: number;
  readonly #notice: (text: string) => void;
  #state: CapacityState;

  constructor({ cell, finished, clockUs, notice }: CapacitySourceOptions) {
    this.#cell = cell;
    this.#results = [...finished];
    this.#clockUs = clockUs;
    this.#beganUs = clockUs();
    this.#notice = notice;
    this.#state = capacityState(cell.config, this.#results);
  }

  get state(): CapacityState {
    return this.#state;
  }

  next(): NextRun | null {
    const { next } = this.#state;
    if (next.kind === "done") return null;
    const { ratePerSecond, search, purpose } = next;
    const config = probeConfig(this.#cell.config, ratePerSecond);
    const spentMs = (this.#clockUs() - this.#beganUs) / 1000;
    if (spentMs + estimateRunMs(config) > config.capacity.timeLimit) {
      this.isOutOfTime = true;
      return null;
    }
    const { searches } = config.capacity;
    this.#notice(
      `search ${search + 1} of ${searches}: ${purpose} at ${rate(ratePerSecond)}${bracketText(this.#state, search)}`,
    );
    const id = `${this.#cell.cell.id}-rate-${ratePerSecond}`;
    const repetition = 1 + this.#results.filter(({ run }) => run.cell.id === id).length;
    const axes = { ...this.#cell.cell.axes, "load.rate": formatRate(ratePerSecond) };
    const order = this.#results.length;
    return { config, run: { id: `${id}-r${repetition}`, cell: { id, axes }, repetition, order, block: search } };
  }

  ended(result: RunResult): void {
    this.#results.push(result);
    this.#state = capacityState(this.#cell.config, this.#results);
    const { ratePerSecond, vote, why } = this.#state.steps.at(-1)!;
    this.#notice(`    ${rate(ratePerSecond)} ${VOTE_TEXT[vote]}${why === "" ? "" : `: ${why}`}`);
    const last = this.#state.outcomes.at(-1);
    const isNew = last !== undefined && last.search === result.run.block;
    if (isNew) this.#notice(`search ${last.search + 1}: ${outcomeText(last)}`);
  }
}

const VOTE_TEXT = {
  sustained: "is sustained",
  unsustained: "is not sustained",
  instrument: "is more than feeder or observer could keep up with",
  unclear: "tells nothing",
} as const;

/** The config of a probe: one rate, and the service level as thresholds. */
function probeConfig(config: Config, ratePerSecond: number): Config {
  const { load } = config;
  const at = load.shape === "constant" ? { ...load, rate: ratePerSecond } : load;
  return { ...config, load: at, thresholds: [...sloThresholds(config.capacity), ...config.thresholds] };
}

function bracketText({ steps }: CapacityState, search: number): string {
  const own = steps.filter((step) => step.search === search);
  const held = own.filter(({ vote }) => vote === "sustained").map(({ ratePerSecond }) => ratePerSecond);
  const not = own
    .filter(({ vote }) => vote === "unsustained" || vote === "instrument")
    .map((step) => step.ratePerSecond);
  const refuted = Math.max(0, ...held);
  const above = not.filter((one) => one > refuted);
  const low = held.length === 0 ? "" : `sustained so far ${rate(Math.max(...held))}`;
  const high = above.length === 0 ? "" : `not ${rate(Math.min(...above))}`;
  const known = [low, high].filter((text) => text !== "").join(", ");
  return known === "" ? "" : ` (${known})`;
}

/** `8k/s sustained, 8.4k/s not`. */
function outcomeText(outcome: CapacityState["outcomes"][number]): string {
  const { sustainedPerSecond: low, unsustainedPerSecond: high, limitedBy, probes } = outcome;
  const held = low === null ? "no rate sustained" : `${rate(low)} sustained`;
  const above =
    high === null
      ? ", the greatest rate allowed"
      : limitedBy === "instrument"
        ? `, ${rate(high)} more than feeder or observer could keep up with`
        : `, ${rate(high)} not`;
  return `${held}${above} (${probes} probes)`;
}
