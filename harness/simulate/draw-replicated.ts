import { Random } from "../../base/random.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";
import type { LeaderStrike } from "./protection.ts";

export interface ReplicationOptions {
  /** Replicas of inner vertices. */
  readonly factor: number;
  /** Sources have replicas too. */
  readonly sources: boolean;
  /** Workers that host replicas die. */
  readonly kill: boolean;
  /** Default `liveRobin`. Under `kaZoo`, `kill` also takes sessions and logs from leaders. */
  readonly merge?: SimulatedMerge;
}

/** Merges whose results the oracle knows. */
export const SIMULATED_MERGES = ["liveRobin", "kaZoo", "timeBias"] as const;
export type SimulatedMerge = (typeof SIMULATED_MERGES)[number];

const CUT_LOG = "cut-log";
const ORDER_LOG = "order-log";
const LEASE_US = 50_000;
const MAX_STRIKES = 4;
const MAX_LAG_BYTES = 1024 * 1024 * 1024;

/** What seed `seed` does with the query: `factor` replicas of inner vertices, of sources too when `sources`; with `kill` some die. */
export function drawReplicated(
  query: QueryDefinition,
  seed: number,
  { factor, sources, kill, merge = "liveRobin" }: ReplicationOptions,
): DrawnRun {
  const random = new Random(seed ^ 0x5eed);
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const latest = pick(100, 1_000, 10_000);
  const deaths = Array.from({ length: factor - 1 }, () => random.below(latest));
  const run = drawRun(query, seed);
  const workers = factor + pick(1, 2, 3);
  const heartbeatIntervalUs = pick(500, 2_000, 10_000, 40_000);
  const heartbeatRecords = pick(0, 20, 100);
  const isKaZoo = merge === "kaZoo";
  return {
    ...run,
    // Sources that have replicas refuse to align.
    options: sources ? { ...run.options, watermarkAlignmentMs: 0 } : run.options,
    workers,
    protection: {
      kind: "replicated",
      replication: {
        factor,
        sources,
        cutLog: { kind: "memory", brokers: [], topic: CUT_LOG },
        heartbeatIntervalUs,
        heartbeatRecords,
        maxLagBytes: MAX_LAG_BYTES,
        silentIntervals: 1_000,
        merge,
        ...(isKaZoo ? { orderLog: { kind: "memory", brokers: [], topic: ORDER_LOG }, leaseUs: LEASE_US } : {}),
      },
      killAfter: kill ? deaths.sort((a, b) => a - b) : [],
      strikes: kill && isKaZoo ? drawStrikes(random, 2 * latest) : [],
    },
  };
}

function drawStrikes(random: Random, latest: number): readonly LeaderStrike[] {
  const kinds = ["session", "contact", "pause", "log"] as const;
  return Array.from({ length: random.below(MAX_STRIKES + 1) }, () => ({
    kind: kinds[random.below(kinds.length)]!,
    after: random.below(latest),
    victim: random.below(1_000),
    lengthUs: random.below(3 * LEASE_US),
  }));
}
