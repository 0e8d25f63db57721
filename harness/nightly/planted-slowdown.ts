import type { Campaign } from "../analyze/compare/campaign.ts";
import { INSTRUMENTS } from "../analyze/system-cpu.ts";
import type { Censored, FaultEffect } from "../faults/result.ts";
import type { LatencySummary, RunResult } from "../sweep/model.ts";

/** The campaign of a system that takes so much longer for everything (1.15: 15 %): latency, CPU, recovery. To see whether that is found. */
export function slowedCampaign(campaign: Campaign, factor: number): Campaign {
  return { ...campaign, results: campaign.results.map((result) => slowed(result, factor)) };
}

function slowed(result: RunResult, factor: number): RunResult {
  const { committed, faults } = result;
  const resources = Object.entries(result.resources).map(([role, usage]) => {
    const own = INSTRUMENTS.has(role) ? usage : { ...usage, cpuSeconds: usage.cpuSeconds * factor };
    return [role, own] as const;
  });
  return {
    ...result,
    latencyUs: longer(result.latencyUs, factor),
    ...(committed === undefined ? {} : { committed: { ...committed, latencyUs: longer(committed.latencyUs, factor) } }),
    ...(faults === undefined
      ? {}
      : { faults: faults.map((fault) => ({ ...fault, effect: longerEffect(fault.effect, factor) })) }),
    resources: Object.fromEntries(resources),
  };
}

function longer(latency: LatencySummary, factor: number): LatencySummary {
  const times = (value: number | null) => (value === null ? null : value * factor);
  const { p50, p90, p99, p999, max, n } = latency;
  return { p50: times(p50), p90: times(p90), p99: times(p99), p999: times(p999), max: times(max), n };
}

function longerEffect(effect: FaultEffect | null, factor: number): FaultEffect | null {
  if (effect === null) return null;
  const times = <T extends Censored>(length: T | null): T | null =>
    length === null ? null : { ...length, ms: length.ms * factor };
  const { gap, firstOutput, catchUp } = effect;
  return { ...effect, gap: times(gap), firstOutput: times(firstOutput), catchUp: times(catchUp) };
}
