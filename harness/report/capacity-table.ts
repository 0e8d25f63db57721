import type { CapacityState, CapacityStep } from "../analyze/capacity/capacity.ts";
import { csv, rounded } from "./csv.ts";

const VERSION = 1;

/** `capacity.json`: what was asked, the answer, every search and every probe. Derived from the runs and the manifest. */
export function capacityJson(state: CapacityState): string {
  const { settings, slo, steps, outcomes, next, answer } = state;
  const trace = steps.map(({ result: _, ...step }) => step);
  const ended = next.kind === "done" ? next.why : "unfinished";
  return `${JSON.stringify({ version: VERSION, slo, settings, ended, answer, searches: outcomes, trace }, null, 2)}\n`;
}

/** `capacity.csv`: one line a probe, in the order of execution. */
export function capacityCsv({ steps }: Pick<CapacityState, "steps">): string {
  return csv<CapacityStep>(
    [
      { name: "step", value: ({ step }) => step },
      { name: "search", value: ({ search }) => search + 1 },
      { name: "purpose", value: ({ purpose }) => purpose },
      { name: "rate_events_per_second", value: ({ ratePerSecond }) => ratePerSecond },
      { name: "vote", value: ({ vote }) => vote },
      { name: "why", value: ({ why }) => why },
      { name: "run", value: ({ run }) => run },
      { name: "state", value: ({ result }) => result.state },
      { name: "latency_p99_us", value: ({ result }) => result.latencyUs.p99 },
      { name: "latency_n", value: ({ result }) => result.latencyUs.n },
      { name: "uncorrected_latency_p99_us", value: ({ result }) => result.uncorrectedLatencyUs.p99 },
      { name: "lag_slope_share", value: ({ result }) => rounded(result.lagSlope ?? null, 6) },
      { name: "achieved_share", value: ({ result }) => rounded(achievedShare(result), 6) },
      { name: "generator_lag_p99_us", value: ({ result }) => result.generatorLagUs.p99 },
      { name: "observer_lag_p99_us", value: ({ result }) => result.observerLagUs.p99 },
    ],
    steps,
  );
}

/** Events sent of those that were due in the measured window; null: not known. */
export function achievedShare({
  achievedInputPerSecond: achieved,
  offeredPerSecond: offered,
}: CapacityStep["result"]): number | null {
  return achieved === null || offered === null || offered === 0 ? null : achieved / offered;
}
