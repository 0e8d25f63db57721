import { Random } from "../../base/random.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { drawFaults } from "./draw-faults.ts";
import { LONG_MS, MANY_RESTARTS } from "./draw-passive.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";
import { drawLinkFaults } from "./link-faults.ts";
import type { FaultKind, LeaderStrike, PassiveProtection } from "./protection.ts";

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
export const ORDER_LOG = "order-log";
const LEASE_US = 50_000;
const MAX_STRIKES = 4;
/** Then somebody has made room. */
const MAX_DISK_FAILURES = 4;
/** Faults of the world under jobs that have checkpoints as well. */
const FAULTS: readonly FaultKind[] = ["kill", "pause", "reset", "partition"];
/**
 * Under KaZoo an element leaves its channel a round trip of the order log after it came. A window that holds fewer heartbeats than are due in
 * that time never catches up with the ticks: nor does the job, whatever else it does. Hence no shorter intervals either.
 */
const LEAST_KAZOO_WINDOW = 8 * 1024;
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
  const isKaZoo = merge === "kaZoo";
  const heartbeatIntervalUs = isKaZoo ? pick(10_000, 20_000, 40_000) : pick(500, 2_000, 10_000, 40_000);
  const heartbeatRecords = pick(0, 20, 100);
  const recovery = kill && random.below(2) === 0 ? drawRecovery(random) : null;
  // Of a random sequence of its own: what else a seed draws does not depend on it.
  const spill = new Random(seed ^ 0x5b111);
  const spillAfterBytes = [0, 200, 2_000, null][spill.below(4)] ?? null;
  const failedOneIn = recovery === null ? 0 : [0, 0, 3, 20][spill.below(4)]!;
  const network = new Random(seed ^ 0x11a7);
  // Each costs replicas of one worker at most: all that jobs without checkpoints survive is one less than there are.
  const harmful = deaths.filter(() => network.below(3) === 0).length;
  const deadly = recovery === null ? deaths.slice(harmful) : deaths;
  return {
    ...run,
    conditions: {
      ...run.conditions,
      scratch: { ...run.conditions.scratch, failedOneIn, mostFailures: MAX_DISK_FAILURES },
    },
    // Sources that have replicas refuse to align.
    options: {
      ...run.options,
      ...(sources ? { watermarkAlignmentMs: 0 } : {}),
      ...(isKaZoo ? { channelWindowBytes: Math.max(LEAST_KAZOO_WINDOW, run.options.channelWindowBytes ?? 0) } : {}),
    },
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
        ...(spillAfterBytes === null ? {} : { spillAfterBytes }),
        silentIntervals: 1_000,
        merge,
        ...(isKaZoo ? { orderLog: { kind: "memory", brokers: [], topic: ORDER_LOG }, leaseUs: LEASE_US } : {}),
      },
      killAfter: kill ? deadly.sort((a, b) => a - b) : [],
      links: kill ? drawLinkFaults(network, harmful, 2 * latest) : [],
      strikes: kill && isKaZoo ? drawStrikes(random, 2 * latest) : [],
      disorderOneIn: kill ? pick(0, 10, 40) : 0,
      recovery,
    },
  };
}

/** Checkpoints and faults, of which enough to lose whole groups. */
function drawRecovery(random: Random): PassiveProtection {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  return {
    kind: "passive",
    guarantee: pick("exactly-once", "exactly-once", "at-least-once"),
    checkpoints: {
      mode: "aligned",
      intervalUs: pick(2_000, 5_000, 20_000),
      timeoutUs: pick(1_000_000, 2_000_000),
      minPauseUs: pick(0, 1_000),
      toleratedFailures: MANY_RESTARTS,
      retain: pick(1, 2, 3),
      keepAtEnd: false,
      localCopies: pick(true, false),
      transactionTimeoutMs: LONG_MS,
    },
    restart: { kind: "fixed-delay", attempts: MANY_RESTARTS, delayUs: pick(0, 1_000, 50_000) },
    spareWorkers: pick(0, 1),
    replaceAfterUs: pick(1_000, 50_000, 500_000),
    faults: drawFaults(random, FAULTS),
    savepoint: null,
  };
}

function drawStrikes(random: Random, latest: number): readonly LeaderStrike[] {
  const kinds = ["session", "contact", "pause", "log"] as const;
  return Array.from({ length: random.below(MAX_STRIKES + 1) }, () => {
    const kind = kinds[random.below(kinds.length)]!;
    const [after, victim, lengthUs] = [random.below(latest), random.below(1_000), random.below(3 * LEASE_US)];
    // Short ones every process has anyhow.
    return { kind, after, victim, lengthUs: kind === "pause" ? LEASE_US + lengthUs : lengthUs };
  });
}
