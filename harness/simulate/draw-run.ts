import { hashBytes, hashNumber } from "../../base/hash.ts";
import { Random } from "../../base/random.ts";
import type { JobOptions } from "../../engine/cluster/job-spec.ts";
import { type Conditions, drawConditions } from "../../engine/simulation/conditions.ts";
import type { PartitionRule } from "../../generators/dataset.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { generatorOf } from "../../queries/registry.ts";
import {
  type BetterCloudInput,
  drawBetterCloud,
  drawMicrobench,
  drawNexmark,
  type MicrobenchInput,
  type NexmarkInput,
} from "./draw-data.ts";
import type { Protection } from "./protection.ts";

/** Everything about one simulated run: a function of query and seed, so that both name it. */
export interface DrawnRun {
  readonly query: QueryDefinition;
  readonly seed: number;
  /** Of the simulated world; differs from `seed`, so that two queries of one seed have little in common. */
  readonly worldSeed: number;
  readonly data: NexmarkInput | BetterCloudInput | MicrobenchInput;
  readonly parallelism: number;
  readonly workers: number;
  readonly partitions: number;
  readonly partitionRule: PartitionRule;
  readonly keyGroups: number;
  readonly batchRecords: number;
  readonly watermarkDelayMs: number;
  readonly options: Partial<JobOptions>;
  readonly conditions: Conditions;
  readonly protection: Protection;
}

const WATERMARK_DELAY_MS = 4_000;

/** What seed `seed` does with the query. */
export function drawRun(query: QueryDefinition, seed: number): DrawnRun {
  const name = new TextEncoder().encode(query.id);
  const random = new Random(hashNumber(seed) ^ hashBytes(name, 0, name.length));
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const parallelism = pick(1, 2, 4);
  const isUpsert = query.output.kind === "upsert";
  return {
    query,
    seed,
    worldSeed: random.uint32(),
    data: drawData(query, random),
    parallelism,
    workers: pick(1, 2, 4),
    partitions: pick(1, parallelism, parallelism + 1, 2 * parallelism + 1),
    partitionRule: isUpsert ? pick("auction", "roundRobin") : "roundRobin",
    keyGroups: pick(parallelism, 16),
    batchRecords: pick(1, 7, 64),
    watermarkDelayMs: WATERMARK_DELAY_MS,
    options: {
      bufferTimeoutUs: pick(0, 1_000, 5_000),
      watermarkIntervalUs: pick(0, 1_000, 5_000),
      bufferBytes: pick(64, 1_024, 8 * 1024),
      channelWindowBytes: pick(128, 1_024, 8 * 1024, 512 * 1024),
      maxBatchRows: pick(1, 7, 64),
      watermarkAlignmentMs: pick(0, 500, 5_000),
    },
    conditions: drawConditions(random),
    protection: { kind: "none" },
  };
}

function drawData(query: QueryDefinition, random: Random): DrawnRun["data"] {
  switch (generatorOf(query)) {
    case "bettercloud":
      return drawBetterCloud(random);
    case "microbench":
      return drawMicrobench(random);
    case "nexmark":
      return drawNexmark(random, WATERMARK_DELAY_MS, (mode) => query.undefinedOn({ mode }) === null);
  }
}
