import { benchLine } from "../../base/command-line.ts";
import { SITUATION_NAMES, SITUATIONS } from "../../engine/simulation/situations.ts";
import { formatCount, formatSpan } from "../cli/progress/format.ts";
import { renderTable } from "../cli/progress/table.ts";
import type { CampaignProgress } from "./campaign.ts";
import type { DrawnRun } from "./draw-run.ts";
import { FAULT_STATE_NAMES, FAULT_STATES } from "./fault-states.ts";
import { REPLICA_STATE_NAMES, REPLICA_STATES } from "./replica-states.ts";
import { modeText, PLAIN, type RunMode } from "./run-mode.ts";
import type { SeedResult } from "./run-seed.ts";
import { campaignHash, type Tally } from "./tally.ts";

export interface Speed {
  /** All queries under a seed. */
  readonly seedsPerMinute: number;
  /** One query under a seed. */
  readonly runsPerMinute: number;
  /** What other work on the machine hardly changes. */
  readonly runsPerCpuMinute: number;
}

/** `cpuMs`: what the campaign took of all cores together. */
export function speedOf({ tally, seeds, elapsedMs }: CampaignProgress, cpuMs: number): Speed {
  const perMinute = (count: number, ms: number) => (ms <= 0 ? 0 : Math.round((count * 60_000) / ms));
  return {
    seedsPerMinute: perMinute(seeds, elapsedMs),
    runsPerMinute: perMinute(tally.runs, elapsedMs),
    runsPerCpuMinute: perMinute(tally.runs, cpuMs),
  };
}

/** One line while the campaign goes on. `seeds`: how many are wanted; Infinity: until the time is over. */
export function progressText(
  progress: CampaignProgress,
  wanted: { readonly seeds: number; readonly forMs: number },
): string {
  const { tally, seeds, elapsedMs } = progress;
  const bySeeds = seeds === 0 ? Number.POSITIVE_INFINITY : (elapsedMs / seeds) * (wanted.seeds - seeds);
  const leftMs = Math.min(bySeeds, wanted.forMs - elapsedMs);
  const of = Number.isFinite(wanted.seeds) ? ` of ${formatCount(wanted.seeds)}` : "";
  const met = SITUATION_NAMES.filter((name) => tally.runsWith[name]! > 0).length;
  return [
    `seed ${formatCount(seeds)}${of}`,
    `${formatCount(tally.runs)} runs, ${formatCount(speedOf(progress, 0).runsPerMinute)} a minute`,
    `${met} of ${SITUATION_NAMES.length} situations`,
    `ETA ${formatSpan(leftMs)}`,
  ].join("  ");
}

/** What the campaign was, for people. */
export function summaryText(progress: CampaignProgress, cpuMs: number): string {
  const { tally, seeds, elapsedMs } = progress;
  const { seedsPerMinute, runsPerMinute, runsPerCpuMinute } = speedOf(progress, cpuMs);
  const meanings: Readonly<Record<string, string>> = { ...SITUATIONS, ...FAULT_STATES, ...REPLICA_STATES };
  const lines = (names: readonly string[]) =>
    names.map((name) => [name, formatCount(tally.runsWith[name]!), formatCount(tally.met[name]!), meanings[name]!]);
  const queries = Object.entries(tally.queries).map(([id, { runs, withRows }]) => {
    return [id, formatCount(runs), formatCount(withRows)];
  });
  return [
    renderTable([["situation", "runs", "times", "means"], ...lines(SITUATION_NAMES)], new Set([0, 3])),
    ...(tally.replicated === 0
      ? []
      : [renderTable([["replicas", "runs", "times", "means"], ...lines(REPLICA_STATE_NAMES)], new Set([0, 3]))]),
    ...(tally.passive === 0
      ? []
      : [renderTable([["faults", "runs", "times", "means"], ...lines(FAULT_STATE_NAMES)], new Set([0, 3]))]),
    renderTable([["query", "runs", "with rows"], ...queries], new Set([0])),
    `${counted(seeds, "seed")}, ${counted(tally.runs, "run")} in ${formatSpan(elapsedMs)}: ` +
      `${formatCount(seedsPerMinute)} seeds a minute, ${formatCount(runsPerMinute)} runs a minute, ` +
      `${formatCount(runsPerCpuMinute)} a minute of CPU\n` +
      `${protectedText(tally)}${formatCount(tally.rows)} rows compared, ${formatCount(tally.steps)} events in ${formatSpan(tally.virtualUs / 1000)} of virtual time\n` +
      `hash of all traces ${campaignHash(tally)}\n`,
  ].join("\n");
}

/** The command that runs one seed again and writes its trace. */
export function replayCommand(
  { query, seed }: { readonly query: string; readonly seed: number },
  mode: RunMode = PLAIN,
): string {
  return `${benchLine`simulate --job ${query} --from ${seed} --seeds 1`}${modeText(mode)} --trace`;
}

function protectedText({ replicated, passive, killed, runsWith }: Tally): string {
  const replicas =
    replicated === 0
      ? ""
      : `${counted(replicated, "run")} with replicas, ${counted(killed, "worker")} of them killed\n`;
  if (passive === 0) return replicas;
  const share = Math.round((runsWith["effectiveFault"]! / passive) * 100);
  return `${replicas}${counted(passive, "run")} with checkpoints, ${share} % of them with a fault that had an effect\n`;
}

/** What of a drawn run is its world. */
const WORLD = [
  "parallelism",
  "workers",
  "partitions",
  "partitionRule",
  "batchRecords",
  "keyGroups",
  "options",
  "data",
  "conditions",
  "protection",
] as const satisfies readonly (keyof DrawnRun)[];

/** A failed seed: what was wrong, in which world, how to see it again, and how it ended. */
export function failureText(run: DrawnRun, result: SeedResult, mode: RunMode = PLAIN): string {
  const world = Object.fromEntries(WORLD.map((name) => [name, run[name]]));
  return [
    `seed ${result.seed} of ${result.query} failed: ${result.problem ?? "not when it was run again"}`,
    `world: ${JSON.stringify(world)}`,
    `end of its trace (hash ${result.traceHash}, ${formatCount(result.steps)} events):`,
    ...result.traceTail.map((line) => `  ${line}`),
    `replay: ${replayCommand(result, mode)}`,
    "",
  ].join("\n");
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
