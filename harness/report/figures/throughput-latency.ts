import type { TopLevelSpec } from "vega-lite";
import type { CellSummary } from "../../analyze/cell-summary.ts";
import { csv, rounded } from "../csv.ts";
import { integer, shortRate } from "../format.ts";
import { colourOf, INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";
import type { Series } from "./series.ts";

const QUANTILES = ["p50", "p99"] as const;
/** Told apart by shape as well as by dashes. */
const MARKS = { p50: { shape: "circle", size: 55 }, p99: { shape: "diamond", size: 95 } } as const;

/** Figure 6 of `measurement.md`: latency over achieved output rate, labelled with the offered rate. Of queries with two rates or more: one rate shows no relation. Null without any. */
export function throughputLatencyFigure(
  cells: readonly CellSummary[],
  series: ReadonlyMap<string, Series>,
): Figure | null {
  const rows = cells
    .filter((cell) => ratesOf(cell.query, cells) > 1)
    .flatMap((cell) =>
      QUANTILES.map((quantile) => ({
        cell: cell.cell.id,
        query: cell.query,
        series: series.get(cell.cell.id)?.name ?? cell.query,
        quantile,
        achieved: cell.achievedOutputPerSecond,
        offered: cell.offeredPerSecond,
        label: quantile === "p50" ? shortRate(cell.offeredPerSecond) : "",
        latencyMs: milliseconds(cell.latency[quantile].median),
        leastMs: milliseconds(cell.latency[quantile].min),
        mostMs: milliseconds(cell.latency[quantile].max),
        runs: cell.valid,
      })),
    );
  const drawn = rows.filter((row) => row.achieved !== null && row.achieved > 0 && row.latencyMs !== null);
  if (drawn.length === 0) return null;
  const runs = [...new Map(drawn.map((row) => [row.cell, row.runs])).values()].reduce((sum, own) => sum + own, 0);
  const queries = [...new Set(drawn.map(({ query }) => query))];
  const yAxis = logAxis(drawn.flatMap((row) => [row.leastMs!, row.mostMs!]));
  const x = {
    field: "achieved",
    type: "quantitative",
    scale: { type: "log", nice: false, padding: 28 },
    axis: { title: null, format: ".3~s", tickCount: 5, labelOverlap: true },
  } as const;
  const y = {
    field: "latencyMs",
    type: "quantitative",
    scale: { type: "log", domain: [...yAxis.domain], nice: false },
    axis: { title: "latency from due time (ms)", format: "~g", values: [...yAxis.values], labelOverlap: false },
  } as const;
  const names = [...new Map(drawn.map((row) => [row.series, row.query]))];
  const colours = new Map([...series.values()].map(({ name, colour }) => [name, colour]));
  const color = {
    field: "series",
    type: "nominal",
    scale: { domain: names.map(([name]) => name), range: names.map(([name]) => colours.get(name) ?? colourOf(name)) },
    legend: names.every(([name, query]) => name === query)
      ? null
      : { title: null, orient: "top", symbolType: "circle" },
  } as const;
  const line = {
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x,
      y,
      color,
      order: { field: "offered", type: "quantitative" },
      strokeDash: {
        field: "quantile",
        type: "nominal",
        scale: {
          domain: [...QUANTILES],
          range: [
            [1, 0],
            [5, 4],
          ],
        },
        legend: { title: null, orient: "top", symbolType: "stroke", symbolSize: 400, symbolFillColor: "transparent" },
      },
    },
  } as const;
  const marks = QUANTILES.map((quantile) => ({
    transform: [{ filter: { field: "quantile", equal: quantile } }],
    mark: { type: "point", filled: true, opacity: 1, ...MARKS[quantile] },
    encoding: { x, y, color },
  }));
  const spread = {
    transform: [{ filter: "datum.mostMs > datum.leastMs" }],
    mark: { type: "rule", strokeWidth: 1.2 },
    encoding: { x, y: { ...y, field: "leastMs" }, y2: { field: "mostMs" }, color },
  } as const;
  const labels = {
    transform: [{ filter: "datum.label != ''" }],
    mark: { type: "text", dy: 15, fontSize: 10.5, color: INK },
    encoding: { x, y, text: { field: "label", type: "nominal" } },
  } as const;
  const spec = {
    data: { values: drawn },
    title: axisTitleBelow("achieved output (rows/s)"),
    spacing: 22,
    facet: { field: "query", type: "nominal", sort: queries, header: { title: null } },
    columns: Math.min(3, queries.length),
    spec: { width: plotWidth(queries.length), height: 280, layer: [spread, line, ...marks, labels] },
    resolve: { scale: { x: "independent" } },
  } as unknown as TopLevelSpec;
  return {
    id: "throughput-latency",
    title: "Latency over throughput",
    caption: `Medians over the valid runs of a cell, n = ${integer(runs)} runs${drawn.some((row) => row.mostMs! > row.leastMs!) ? "; bars: from the least to the greatest run" : "; no interval drawn"}. Labels are the offered events per second, in whose order the lines go. Where n is too small for a percentile, its point is missing; queries with a single rate are in the table only. Logarithmic axes.`,
    spec,
    csv: csv(
      [
        { name: "cell", value: (row) => row.cell },
        { name: "query", value: (row) => row.query },
        { name: "percentile", value: (row) => row.quantile },
        { name: "offered_events_per_second", value: (row) => rounded(row.offered) },
        { name: "achieved_output_rows_per_second", value: (row) => rounded(row.achieved) },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "latency_min_ms", value: (row) => row.leastMs },
        { name: "latency_max_ms", value: (row) => row.mostMs },
        { name: "valid_runs", value: (row) => row.runs },
      ],
      rows,
    ),
  };
}

/** Rates of a query's cells with a valid run. */
function ratesOf(query: string, cells: readonly CellSummary[]): number {
  const valid = cells.filter((cell) => cell.query === query && cell.valid > 0);
  return new Set(valid.map(({ offeredPerSecond }) => shortRate(offeredPerSecond))).size;
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : us / 1000;
}
