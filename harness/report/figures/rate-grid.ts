import type { TopLevelSpec } from "vega-lite";
import { type GridCell, type RateGrid, rateGrids } from "../../analyze/rate-grid.ts";
import { csv, rounded } from "../csv.ts";
import { integer, length, shortRate } from "../format.ts";
import { INK, LOW_TO_HIGH, ON_CELLS } from "../palette.ts";
import type { Campaign, Figure } from "./figure.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";
import { labelOf } from "./series.ts";

const TITLES = {
  "checkpoint-interval": { title: "checkpoint interval", text: interval },
  heartbeat: { title: "heartbeat interval", text: interval },
  parallelism: { title: "parallelism", text: integer },
} as const;
const ROW_HEIGHT = 50;
/** Strokes across a cell without a valid run. */
const HATCHES = 5;

/**
 * Figure 10 of `measurement.md`: p99, or recovery where something was broken, over rate and another setting. One cell of the grid is one cell of the
 * sweep; what was not swept is empty, what has no valid run is hatched, and nothing is interpolated. One figure for each setting.
 */
export function rateGridFigures({ manifest, results }: Campaign): readonly Figure[] {
  return rateGrids(manifest, results).map(figureOf);
}

function figureOf(grid: RateGrid): Figure {
  const { axis, measure, cells } = grid;
  const { title } = TITLES[axis];
  const hatched = cells.filter(({ valid }) => valid === 0).length;
  const open = cells.filter(({ value }) => value?.censored).length;
  const shown = measure === "recovery" ? "Recovery" : "p99 latency";
  return {
    id: `rate-grid-${axis}`,
    title: `${shown} by rate and ${title}`,
    caption: `${measure === "recovery" ? "Time from the observed fault until caught up, median over the faults of the valid runs (product-limit estimate)" : "p99 of end-to-end latency from due time, median over the valid runs"}; no interval drawn. n: valid runs. Empty: not swept.${hatched > 0 ? ` Hatched: no valid run, ${integer(hatched)} of ${integer(cells.length)} cells, with the first reason.` : ""}${open > 0 ? " “>”: not over when the load ended." : ""} Nothing is interpolated; darker is longer, on a logarithmic scale.`,
    spec: specOf(grid),
    csv: csv<GridCell>(
      [
        { name: "cell", value: (row) => row.cell },
        { name: "query", value: (row) => row.query },
        { name: "system", value: (row) => row.system },
        { name: "offered_events_per_second", value: (row) => row.ratePerSecond },
        { name: "setting", value: () => axis },
        { name: "setting_value", value: (row) => row.setting },
        { name: "measure", value: () => (measure === "recovery" ? "caught_up_after_ms" : "latency_p99_ms") },
        { name: "value", value: (row) => rounded(row.value?.ms ?? null) },
        { name: "censored", value: (row) => Number(row.value?.censored ?? false) },
        { name: "runs", value: (row) => row.runs },
        { name: "valid_runs", value: (row) => row.valid },
        { name: "reason", value: (row) => row.reason },
      ],
      cells,
    ),
  };
}

/** Places are whole numbers, 0 at the bottom left, so that strokes can be drawn across a cell. */
function specOf({ axis, cells }: RateGrid): TopLevelSpec {
  const { title, text } = TITLES[axis];
  const rates = ascending(cells.map(({ ratePerSecond }) => ratePerSecond));
  const settings = ascending(cells.map(({ setting }) => setting));
  const panels = [...Map.groupBy(cells, panelNames(cells))];
  const values = cells.flatMap(({ value }) => (value === null || value.ms <= 0 ? [] : [value.ms]));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const across = Math.min(3, panels.length);
  const label = (names: readonly string[]) => `${JSON.stringify(names)}[round(datum.value - 0.5)]`;
  const place = (field: string, names: readonly string[]) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, names.length], nice: false, zero: false },
    axis: {
      title: null,
      values: names.map((_, i) => i + 0.5),
      labelExpr: label(names),
      labelOverlap: false,
      grid: false,
      ticks: false,
      domain: false,
    },
  });
  const plots = panels.map(([name, own], i) => {
    const y = place("row", settings.map(text));
    const yAxis = i % across === 0 ? y.axis : { ...y.axis, labels: false };
    return panelOf(
      own.map((cell) => drawnCell(cell, rates, settings)),
      {
        name: panels.length > 1 ? name : "",
        width: Math.min(plotWidth(across) - 30, rates.length * 150),
        height: settings.length * ROW_HEIGHT,
        x: place("column", rates.map(shortRate)),
        y: { ...y, axis: yAxis },
        domain: values.length === 0 ? [1, 2] : [least, most > least ? most : least * 2],
      },
    );
  });
  return {
    title: axisTitleBelow(`across: offered rate; upwards: ${title}`),
    spacing: 26,
    columns: across,
    concat: plots,
  } as unknown as TopLevelSpec;
}

interface DrawnCell {
  readonly column: number;
  readonly row: number;
  readonly x2: number;
  readonly y2: number;
  readonly ms: number | null;
  readonly text: string;
  readonly note: string;
  readonly isHatched: boolean;
}

function drawnCell(cell: GridCell, rates: readonly number[], settings: readonly number[]): DrawnCell {
  const { ratePerSecond, setting, value, valid, runs, reason } = cell;
  const [column, row] = [rates.indexOf(ratePerSecond), settings.indexOf(setting)];
  const told = value === null ? "n too small" : `${value.censored ? "> " : ""}${length(value.ms)}`;
  return {
    ...{ column, row, x2: column + 1, y2: row + 1 },
    ms: value === null || value.ms <= 0 ? null : value.ms,
    text: valid === 0 ? (reason ?? "not valid") : told,
    note: valid === 0 ? `n = 0 of ${runs}` : `n = ${valid}${valid < runs ? ` of ${runs}` : ""}`,
    isHatched: valid === 0,
  };
}

interface Panel {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly x: object;
  readonly y: object;
  readonly domain: readonly number[];
}

function panelOf(cells: readonly DrawnCell[], { name, width, height, x, y, domain }: Panel) {
  const [x2, y2] = [{ field: "x2" }, { field: "y2" }];
  const middle = cells.map((cell) => ({ ...cell, column: cell.column + 0.5, row: cell.row + 0.5 }));
  const text = (field: string, dy: number, fontSize: number, color: string, hatched: boolean) => ({
    data: { values: middle.filter(({ isHatched }) => isHatched === hatched) },
    mark: { type: "text", dy, fontSize, color },
    encoding: { x, y, text: { field, type: "nominal" } },
  });
  return {
    width,
    height,
    ...(name === "" ? {} : { title: { text: name, anchor: "start", fontSize: 12, fontWeight: 600, color: INK } }),
    layer: [
      {
        data: { values: cells.filter(({ ms }) => ms !== null) },
        mark: { type: "rect", stroke: "white", strokeWidth: 2 },
        encoding: {
          ...{ x, y, x2, y2 },
          color: {
            field: "ms",
            type: "quantitative",
            scale: { type: "log", domain, range: [...LOW_TO_HIGH], interpolate: "lab" },
            legend: null,
          },
        },
      },
      {
        data: { values: cells.filter(({ isHatched }) => isHatched).flatMap(hatches) },
        mark: { type: "rule", color: INK, opacity: 0.25, strokeWidth: 1 },
        encoding: { ...{ x, y, x2, y2 } },
      },
      text("text", -6, 12, ON_CELLS, false),
      text("note", 10, 10, ON_CELLS, false),
      text("text", -6, 11, INK, true),
      text("note", 10, 10, INK, true),
    ],
  };
}

/** Strokes from the lower left to the upper right within a cell. */
function hatches({ column, row }: DrawnCell): readonly object[] {
  return Array.from({ length: 2 * HATCHES - 1 }, (_, i) => {
    const shift = (i + 1 - HATCHES) / HATCHES;
    const [from, to] = [Math.max(0, shift), Math.min(1, 1 + shift)];
    return { column: column + from, x2: column + to, row: row + from - shift, y2: row + to - shift };
  });
}

/** Query, and system and settings where they differ. */
function panelNames(cells: readonly GridCell[]): (cell: GridCell) => string {
  const differs = (of: (cell: GridCell) => unknown) => new Set(cells.map((cell) => JSON.stringify(of(cell)))).size > 1;
  return ({ query, system, others }) => {
    const settings = Object.entries(others).filter(([path]) => path !== "system" && differs((one) => one.others[path]));
    const bySystem = differs((one) => one.system) ? [system] : [];
    return [query, ...bySystem, ...settings.map(([path, value]) => labelOf(path, value))].join(" · ");
  };
}

/** `500 ms`, `2 s`. */
function interval(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
