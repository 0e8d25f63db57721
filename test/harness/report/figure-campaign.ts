import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { summarizeCells } from "../../../harness/analyze/cell-summary.ts";
import type { Campaign, Figure } from "../../../harness/report/figures/figure.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import type { Manifest } from "../../../harness/sweep/store.ts";
import { writeSyntheticManifest, writeSyntheticRun } from "../synthetic-run.ts";

/** A stored campaign: one query at two rates, twice each, nothing broken. The second runs came a minute later and are slower. */
export function writeStoredCampaign(folder: string): void {
  writeSyntheticManifest(folder);
  const data = { nexmark: { eventRatePerSecond: 1_000 }, watermarkDelay: "1s" };
  for (const [order, { rate, events, repetition }] of [
    { rate: 2, events: 8_000, repetition: 1 },
    { rate: 1, events: 4_000, repetition: 1 },
    { rate: 2, events: 8_000, repetition: 2 },
    { rate: 1, events: 4_000, repetition: 2 },
  ].entries()) {
    const id = writeSyntheticRun(folder, {
      query: "q0",
      cell: `q0-rate-${rate}000`,
      axes: { "load.rate": `${rate}k/s` },
      repetition,
      order,
      latencyUs: (random) => 1_000 * repetition + random.below(1_000 * rate),
      settings: {
        data: { ...data, events },
        limits: { minSamples: 1 },
        load: { rate: `${rate}k/s`, duration: "4s" },
      },
    });
    later(join(folder, "raw", id, "run.json"), order, repetition - 1);
  }
}

/** Moves a stored run's place in the session: wall clock in minutes, and its block. */
function later(file: string, minutes: number, block: number): void {
  const record = JSON.parse(readFileSync(file, "utf8"));
  const run = { ...record.run, block };
  writeFileSync(file, JSON.stringify({ ...record, run, startWallMs: record.startWallMs + minutes * 60_000 }));
}

export interface Told {
  readonly rate: number;
  readonly parallelism?: number;
  /** Default: as many as instances. */
  readonly workers?: number;
  readonly system?: string;
  readonly factor?: number;
  readonly block?: number;
  readonly change?: Partial<RunResult>;
}

const CAPACITY = { p99: 100, lagSlope: 0.01, achieved: 0.995 };

/** A campaign of which only the results are left, as `runs.jsonl` has them. */
export function resultsOnly(told: readonly Told[]): Campaign {
  const cells: Record<string, unknown> = {};
  const results = told.map((one, order) => {
    const { rate, parallelism = 1, system = "bundled", factor = 1, block = 0, change } = one;
    const { workers = parallelism } = one;
    const own = one.workers === undefined ? "" : `-workers-${workers}`;
    const id = `q0-${system}-rate-${rate}-parallelism-${parallelism}${own}-factor-${factor}`;
    const axes = { "load.rate": `${rate}/s`, parallelism, system, "replication.factor": factor };
    cells[id] = { parallelism, engine: { workers }, capacity: CAPACITY };
    const run = { id: `${id}-r${block + 1}`, cell: { id, axes }, repetition: block + 1, order, block };
    const replication = { merge: "liveRobin", factor } as RunResult["replication"];
    return {
      ...failedResult(run, { query: "q0", system, events: rate }, []),
      state: "valid",
      recovery: factor > 1 ? "active" : "passive",
      ...(factor > 1 ? { replication } : {}),
      offeredPerSecond: rate,
      achievedInputPerSecond: rate,
      achievedOutputPerSecond: rate,
      latencyUs: { p50: 2_000, p90: 3_000, p99: rate * 4, p999: null, max: 9_000, n: 5_000 },
      lagSlope: 0,
      measuredMs: 10_000,
      resources: {
        broker: { cpuSeconds: 50, cpuPercent: 500, rssPeakBytes: 1 },
        feeder: { cpuSeconds: 40, cpuPercent: 400, rssPeakBytes: 1, writtenBytes: 1e9 },
        "link-proxy": { cpuSeconds: 30, cpuPercent: 300, rssPeakBytes: 1, writtenBytes: 1e9 },
        worker: { cpuSeconds: 2 * factor, cpuPercent: 20, rssPeakBytes: 1, writtenBytes: 1000 * rate * factor },
      },
      ...change,
    } as RunResult;
  });
  const manifest = { cells, provenance: { cores: 2 } } as unknown as Partial<Manifest>;
  return { manifest, results, analyses: [], cells: summarizeCells(results), capacity: null };
}

/** The stored data of a figure. With FAULTLINE_GOLDEN set it is written anew, to be read and committed. */
export function golden({ id, csv }: Figure): string {
  const file = new URL(`../../golden/figures/${id}.csv`, import.meta.url);
  if (process.env.FAULTLINE_GOLDEN !== undefined) writeFileSync(file, csv);
  return readFileSync(file, "utf8");
}
