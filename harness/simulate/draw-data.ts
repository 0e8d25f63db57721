import type { Random } from "../../base/random.ts";
import { type BetterCloudOptions, resolveBetterCloudOptions } from "../../generators/bettercloud/options.ts";
import { type MicrobenchOptions, resolveMicrobenchOptions } from "../../generators/microbench/options.ts";
import { type NexmarkOptions, resolveNexmarkOptions } from "../../generators/nexmark/options.ts";

/** Little data a run, so that many runs fit into a minute; enough of it that most have results. */
const MIN_EVENTS = 40;
const MAX_EVENTS = 280;

const MAX_FIRST_EVENT_ID = 6_000;

export interface NexmarkInput {
  readonly generator: "nexmark";
  readonly options: NexmarkOptions;
}

export interface BetterCloudInput {
  readonly generator: "bettercloud";
  readonly options: BetterCloudOptions;
}

export interface MicrobenchInput {
  readonly generator: "microbench";
  readonly options: MicrobenchOptions;
  readonly stages: number;
}

const SHARES = [
  { person: 1, auction: 3, bid: 46 },
  { person: 1, auction: 5, bid: 4 },
  { person: 2, auction: 3, bid: 5 },
  { person: 0, auction: 1, bid: 20 },
] as const;

/** Nexmark events whose disorder stays below the watermark's delay: no event is late. */
export function drawNexmark(random: Random, delayMs: number, hasMeaning: (mode: string) => boolean): NexmarkInput {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const modes = (["classic", "head"] as const).filter(hasMeaning);
  const eventRatePerSecond = pick([4, 15, 60]);
  const shares = pick(SHARES);
  const largestGroup = Math.floor((eventRatePerSecond * delayMs * 0.8) / 1000);
  return {
    generator: "nexmark",
    options: resolveNexmarkOptions({
      mode: pick(modes),
      events: MIN_EVENTS + random.below(MAX_EVENTS - MIN_EVENTS + 1),
      eventRatePerSecond,
      outOfOrderGroupSize: pick([1, 5, largestGroup]),
      proportions: shares,
      // Somewhere in the life of the generator: which ids there are decides what q2 and q3 let through.
      firstEventId: random.below(MAX_FIRST_EVENT_ID),
      hotRatios: { auction: pick([1, 2, 100]), sellers: pick([1, 4]), bidders: pick([1, 4]) },
      avgByteSizes: { person: 60, auction: 80, bid: pick([20, 100]) },
      numInFlightAuctions: pick([2, 100]),
      numActivePeople: pick([3, 1000]),
      baseTimeMs: pick([0, 1_436_918_400_000]),
    }),
  };
}

/** BetterCloud events; controls before all of them, so that results are exact, or at the same time. */
export function drawBetterCloud(random: Random): BetterCloudInput {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)]!;
  return {
    generator: "bettercloud",
    options: resolveBetterCloudOptions({
      events: MIN_EVENTS + random.below(MAX_EVENTS - MIN_EVENTS + 1),
      seed: random.below(1_000_000),
      customers: pick([1, 3, 20]),
      alertsPerCustomer: pick([1, 2]),
      rulesPerAlert: pick([1, 2, 3]),
      keySkew: pick([0, 1]),
      payloadPadding: pick([0, 64]),
      consumerRate: pick([50, 500]),
      ...pick([{ preloadControls: true }, { preloadControls: false, controls: 30, controlRate: 20 }]),
    }),
  };
}

/** Events of one to three sources, few keys among them, for a pipeline of some stages. */
export function drawMicrobench(random: Random): MicrobenchInput {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)]!;
  return {
    generator: "microbench",
    options: resolveMicrobenchOptions({
      events: MIN_EVENTS + random.below(MAX_EVENTS - MIN_EVENTS + 1),
      keys: pick([1, 5, 10_000]),
      payloadBytes: pick([0, 20, 200]),
      seed: random.below(1_000_000),
      rate: pick([50, 500]),
      rate2: pick([5, 50, 500]),
      rate3: pick([5, 50]),
    }),
    stages: pick([1, 2, 3, 4]),
  };
}
