import { readFileSync } from "node:fs";
import type { Random } from "../../../../base/random.ts";
import type { Campaign } from "../../../../harness/analyze/compare/campaign.ts";
import { type Side, sideOf } from "../../../../harness/analyze/compare/side.ts";
import { failedResult } from "../../../../harness/sweep/failed-result.ts";
import type { LatencySummary, RunResult } from "../../../../harness/sweep/model.ts";
import type { Manifest } from "../../../../harness/sweep/store.ts";

/** One valid run of the recorded campaigns: the same configuration throughout, twice a block (test/golden/aa-runs.csv). */
export interface RecordedRun {
  readonly campaign: number;
  readonly block: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly cpu: number;
  readonly feederCpu: number;
  readonly lagP50: number;
  readonly lagP99: number;
}

/** In the order of execution, campaign by campaign. */
export function recordedRuns(): readonly RecordedRun[] {
  const text = readFileSync(new URL("../../../golden/aa-runs.csv", import.meta.url), "utf8");
  const [header, ...lines] = text.trimEnd().split("\n");
  const names = header!.split(",");
  return lines.map((line) => {
    const values = line.split(",").map(Number);
    const at = (name: string) => values[names.indexOf(name)]!;
    return {
      campaign: at("campaign"),
      block: at("block"),
      p50: at("latency_p50_us"),
      p90: at("latency_p90_us"),
      p99: at("latency_p99_us"),
      cpu: at("system_cpu_s_per_million"),
      feederCpu: at("feeder_cpu_s_per_million"),
      lagP50: at("generator_lag_p50_us"),
      lagP99: at("generator_lag_p99_us"),
    };
  });
}

/** The run's numbers as those of a run in `block` of a sweep with one cell; `slower`: what everything of the system takes is so much more. */
export function resultOf(run: RecordedRun, block: number, slower = 0): RunResult {
  const cell = { id: "q0", axes: { query: "q0" } };
  const planned = { id: `q0-r${block + 1}`, cell, repetition: block + 1, order: block, block };
  const nothing = { p50: null, p90: null, p99: null, p999: null, max: null, n: 10_000 };
  const latencyUs: LatencySummary = {
    ...nothing,
    p50: run.p50 * (1 + slower),
    p90: run.p90 * (1 + slower),
    p99: run.p99 * (1 + slower),
  };
  return {
    ...failedResult(planned, { query: "q0", system: "bundled", events: 1 }, []),
    state: "valid",
    latencyUs,
    generatorLagUs: { ...nothing, p50: run.lagP50, p99: run.lagP99 },
    // A million events, so that CPU seconds are those per million.
    measuredMs: 1_000_000,
    ...{ offeredPerSecond: 1_000, achievedInputPerSecond: 1_000 },
    resources: {
      worker: { cpuSeconds: run.cpu * (1 + slower), cpuPercent: 1, rssPeakBytes: 1 },
      feeder: { cpuSeconds: run.feederCpu, cpuPercent: 1, rssPeakBytes: 1 },
    },
  };
}

/** A campaign that runs these results, as a side of a comparison. */
export function sideWith(results: readonly RunResult[], change: Partial<Manifest> = {}, folder = "x"): Side {
  return sideOf(campaignWith(results, change, folder), { folder, axes: {} });
}

export function campaignWith(results: readonly RunResult[], change: Partial<Manifest> = {}, folder = "x"): Campaign {
  const planned = results.length > 0 ? results.map(({ run }) => run) : [resultOf(recordedRuns()[0]!, 0).run];
  const cells = [...new Set(planned.map(({ cell }) => cell.id))];
  const manifest = {
    version: 1,
    name: "recorded",
    createdAt: "2026-01-01T00:00:00.000Z",
    cells: Object.fromEntries(cells.map((id) => [id, { query: "q0", load: { rate: 1_000 } }])),
    axes: [],
    configHash: JSON.stringify(change.cells ?? cells),
    configText: "name: recorded\n",
    overrides: [],
    order: planned,
    provenance: {
      faultline: "1",
      commit: "0123456789",
      dirty: false,
      node: "24",
      cpuModel: "x",
      cores: 2,
      memoryBytes: 2 ** 33,
    },
    ...change,
  } as unknown as Manifest;
  return { folder, manifest, results };
}

/** The runs of each block that has two, one for either side by the toss of a coin. */
export function tossedPairs(runs: readonly RecordedRun[], random: Random): (readonly [RecordedRun, RecordedRun])[] {
  const blocks = Map.groupBy(runs, ({ campaign, block }) => campaign * 1_000 + block);
  return [...blocks.values()].flatMap(([one, other]) => {
    if (one === undefined || other === undefined) return [];
    return [random.below(2) === 0 ? ([one, other] as const) : ([other, one] as const)];
  });
}
