import type { Config } from "../config/schema.ts";
import type { Censored } from "../faults/result.ts";
import type { RunResult } from "../sweep/model.ts";
import type { Manifest } from "../sweep/store.ts";
import { medianOfCensored } from "./faults/survival.ts";
import { median } from "./statistics/median.ts";

/** What a sweep may vary beside the rate, to be drawn over it. */
export const GRID_AXES = [
  { name: "checkpoint-interval", path: "checkpoints.interval" },
  { name: "heartbeat", path: "replication.heartbeat" },
  { name: "parallelism", path: "parallelism" },
] as const;
export type GridAxis = (typeof GRID_AXES)[number]["name"];

/** One cell of the grid: a rate and a value of the other setting. */
export interface GridCell {
  readonly cell: string;
  readonly query: string;
  readonly system: string;
  /** All axes but these two, by which cells belong to one grid. */
  readonly others: Readonly<Record<string, unknown>>;
  readonly ratePerSecond: number;
  /** ms, or a number of instances. */
  readonly setting: number;
  readonly runs: number;
  readonly valid: number;
  /** `recovery`: median until caught up after the faults, ms; `p99`: median of the runs, ms. Null: no valid run, or too few outputs. */
  readonly value: Censored | null;
  /** First reason of a run that is not valid. */
  readonly reason: string | null;
}

export interface RateGrid {
  readonly axis: GridAxis;
  readonly measure: "recovery" | "p99";
  readonly cells: readonly GridCell[];
}

/** The grids of a sweep: for each setting that has two values or more beside two rates or more. */
export function rateGrids(manifest: Partial<Manifest>, results: readonly RunResult[]): readonly RateGrid[] {
  return GRID_AXES.flatMap(({ name, path }): RateGrid[] => {
    const measure = results.some(({ faults }) => faults !== undefined) ? "recovery" : "p99";
    const byCell = [...Map.groupBy(results, ({ run }) => run.cell.id).values()];
    const cells = byCell.flatMap((runs) => cellOf(runs, name, path, measure, manifest));
    const grids = [
      ...Map.groupBy(cells, ({ query, system, others }) => JSON.stringify([query, system, others])).values(),
    ];
    const wide = grids.filter((own) => count(own, "ratePerSecond") > 1 && count(own, "setting") > 1).flat();
    return wide.length === 0 ? [] : [{ axis: name, measure, cells: wide }];
  });
}

function cellOf(
  runs: readonly RunResult[],
  axis: GridAxis,
  path: string,
  measure: RateGrid["measure"],
  manifest: Partial<Manifest>,
): GridCell[] {
  const [first] = runs;
  const config = first === undefined ? undefined : (manifest.cells?.[first.run.cell.id] as Partial<Config> | undefined);
  if (first === undefined || config === undefined || first.offeredPerSecond === null) return [];
  const setting = settingOf(axis, config, first);
  if (setting === null) return [];
  const valid = runs.filter(({ state }) => state === "valid");
  const others = Object.entries(first.run.cell.axes).filter(
    ([own]) => !/^(query|load\.rate)$/.test(own) && own !== path,
  );
  return [
    {
      cell: first.run.cell.id,
      query: first.query,
      system: first.system,
      others: Object.fromEntries(others),
      ratePerSecond: first.offeredPerSecond,
      setting,
      runs: runs.length,
      valid: valid.length,
      value: measure === "recovery" ? recoveryOf(valid) : p99Of(valid),
      reason: runs.find(({ state }) => state !== "valid")?.reasons[0]?.code ?? null,
    },
  ];
}

/** The setting where it does something, else null. */
function settingOf(
  axis: GridAxis,
  config: Partial<Config>,
  { checkpointIntervalMs, replication }: RunResult,
): number | null {
  switch (axis) {
    case "checkpoint-interval":
      return checkpointIntervalMs ?? null;
    case "heartbeat":
      return replication === undefined ? null : (config.replication?.heartbeat ?? null);
    case "parallelism":
      return config.parallelism ?? null;
  }
}

function recoveryOf(valid: readonly RunResult[]): Censored | null {
  const effects = valid.flatMap(({ faults = [] }) => faults.filter(({ problem }) => problem === null));
  return medianOfCensored(effects.flatMap(({ effect }) => (effect?.catchUp == null ? [] : [effect.catchUp])));
}

function p99Of(valid: readonly RunResult[]): Censored | null {
  const middle = median(valid.flatMap(({ latencyUs }) => (latencyUs.p99 === null ? [] : [latencyUs.p99])));
  return middle === null ? null : { ms: middle / 1000, censored: false };
}

function count(cells: readonly GridCell[], of: "ratePerSecond" | "setting"): number {
  return new Set(cells.map((cell) => cell[of])).size;
}
