import { Random } from "../../base/random.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";

export interface ReplicationOptions {
  /** Replicas of inner vertices. */
  readonly factor: number;
  /** Sources have replicas too. */
  readonly sources: boolean;
  /** Workers that host replicas die. */
  readonly kill: boolean;
}

const CUT_LOG = "cut-log";
const MAX_LAG_BYTES = 1024 * 1024 * 1024;

/** What seed `seed` does with the query: `factor` replicas of inner vertices, of sources too when `sources`; with `kill` some die. */
export function drawReplicated(
  query: QueryDefinition,
  seed: number,
  { factor, sources, kill }: ReplicationOptions,
): DrawnRun {
  const random = new Random(seed ^ 0x5eed);
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const latest = pick(100, 1_000, 10_000);
  const deaths = Array.from({ length: factor - 1 }, () => random.below(latest));
  const run = drawRun(query, seed);
  return {
    ...run,
    // Sources that have replicas refuse to align.
    options: sources ? { ...run.options, watermarkAlignmentMs: 0 } : run.options,
    workers: factor + pick(1, 2, 3),
    protection: {
      kind: "replicated",
      replication: {
        factor,
        sources,
        cutLog: { kind: "memory", brokers: [], topic: CUT_LOG },
        heartbeatIntervalUs: pick(500, 2_000, 10_000, 40_000),
        heartbeatRecords: pick(0, 20, 100),
        maxLagBytes: MAX_LAG_BYTES,
        silentIntervals: 1_000,
      },
      killAfter: kill ? deaths.sort((a, b) => a - b) : [],
    },
  };
}
