import type { RunResult } from "../../sweep/model.ts";
import type { Sample } from "./judge.ts";
import { METRICS, type Metric } from "./metrics.ts";
import type { Side, SideCell } from "./side.ts";

export const ALL_CELLS = "all cells";

/** One metric of one cell on both sides, a value a run. */
export interface Series {
  readonly cell: string;
  readonly metric: Metric;
  readonly values: BothSides;
  /** What the metric's canary did meanwhile. */
  readonly canary: BothSides;
  /** Runs on either side that had not got over it when the load ended. */
  readonly censored: number;
}

interface BothSides {
  readonly a: readonly Sample[];
  readonly b: readonly Sample[];
}

/** Cells of the one that the other has, too. */
export function commonCells(side: Side, other: Side): readonly SideCell[] {
  return [...side.cells.values()].filter(({ key }) => other.cells.has(key));
}

/** A series for every metric and common cell that has numbers, and one over all cells where several have. */
export function allSeries(a: Side, b: Side): readonly Series[] {
  const pairs = commonCells(a, b).map((cell) => [cell, b.cells.get(cell.key)!] as const);
  return METRICS.flatMap((metric) => {
    const series = pairs.map(([cell, other]) => seriesOf(metric, cell, other)).filter(hasNumbers);
    const all = overCells(metric, series);
    return series.length > 1 && all.values.a.length > 0 && all.values.b.length > 0 ? [all, ...series] : series;
  });
}

/** The values of a metric in one cell's valid runs, by block. */
export function samplesOf(runs: readonly RunResult[], of: (result: RunResult) => number | null): Sample[] {
  return runs
    .flatMap((result) => {
      // Logarithms are compared, so only what is above 0 is a number.
      const value = isCounted(result) ? of(result) : null;
      return value !== null && value > 0 ? [{ block: result.run.block, value }] : [];
    })
    .sort((x, y) => x.block - y.block);
}

function isCounted({ state, planted }: RunResult): boolean {
  return state === "valid" && planted === undefined;
}

function seriesOf(metric: Metric, a: SideCell, b: SideCell): Series {
  const both = (of: (result: RunResult) => number | null) => ({ a: samplesOf(a.runs, of), b: samplesOf(b.runs, of) });
  const isCut = (result: RunResult) => isCounted(result) && metric.of(result)?.censored === true;
  return {
    cell: a.label,
    metric,
    values: both((result) => metric.of(result)?.value ?? null),
    canary: metric.canary === null ? { a: [], b: [] } : both(metric.canary.of),
    censored: a.runs.filter(isCut).length + b.runs.filter(isCut).length,
  };
}

function hasNumbers({ values }: Series): boolean {
  return values.a.length + values.b.length > 0;
}

function overCells(metric: Metric, series: readonly Series[]): Series {
  const both = (part: "values" | "canary") => ({
    a: together(series.map((one) => one[part].a)),
    b: together(series.map((one) => one[part].b)),
  });
  const censored = series.reduce((sum, one) => sum + one.censored, 0);
  return { cell: ALL_CELLS, metric, values: both("values"), canary: both("canary"), censored };
}

/** Geometric mean over all cells of each block in which every cell has a number: the cells of a block had the same weather. */
function together(cells: readonly (readonly Sample[])[]): Sample[] {
  return [...Map.groupBy(cells.flat(), ({ block }) => block)]
    .filter(([, samples]) => samples.length === cells.length)
    .map(([block, samples]) => {
      const logs = samples.reduce((sum, { value }) => sum + Math.log(value), 0);
      return { block, value: Math.exp(logs / samples.length) };
    })
    .sort((x, y) => x.block - y.block);
}
