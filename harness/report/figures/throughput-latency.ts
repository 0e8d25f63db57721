import type { TopLevelSpec } from "vega-lite";
import type { CellSummary } from "../../analyze/cell-summary.ts";
import { csv, rounded } from "../csv.ts";
import { shortRate } from "../format.ts";
import { colourOf, INK } from "../palette.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, type Figure, plotWidth } from "./render.ts";

const QUANTILES = ["p50", "p99"] as const;

/** Figure 6 of `measurement.md`: latency over achieved output rate, labelled with the offered rate. Of queries with two rates or more: one rate shows no relation. Null without any. */
export function throughputLatencyFigure(cells: readonly CellSummary[]): Figure | null {
  const rows = cells
    .filter((cell) => ratesOf(cell.query, cells) > 1)
    .flatMap((cell) =>
      QUANTILES.map((quantile) => ({
        cell: cell.cell.id,
        query: cell.query,
        quantile,
        achieved: cell.achievedOutputPerSecond,
        offered: cell.offeredPerSecond,
        label: quantile === "p50" ? shortRate(cell.offeredPerSecond) : "",
        latencyMs: milliseconds(cell.latency[quantile].median),
        runs: cell.valid,
      })),
    );
  const drawn = rows.filter((row) => row.achieved !== null && row.achieved > 0 && row.latencyMs !== null);
  if (drawn.length === 0) return null;
  const queries = [...new Set(drawn.map(({ query }) => query))];
  const yAxis = logAxis(drawn.map((row) => row.latencyMs!));
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
  const color = {
    field: "query",
    type: "nominal",
    scale: { domain: queries, range: queries.map(colourOf) },
    legend: null,
  } as const;
  const line = {
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x,
      y,
      color,
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
  const marks = {
    mark: { type: "point", filled: true, opacity: 1 },
    encoding: {
      x,
      y,
      color,
      shape: {
        field: "quantile",
        type: "nominal",
        scale: { domain: [...QUANTILES], range: ["circle", "diamond"] },
        legend: { title: null, orient: "top", symbolSize: 80 },
      },
      size: { condition: { test: "datum.quantile == 'p99'", value: 95 }, value: 55 },
    },
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
    spec: { width: plotWidth(queries.length), height: 280, layer: [line, marks, labels] },
    resolve: { scale: { x: "independent" } },
  } as unknown as TopLevelSpec;
  return {
    id: "throughput-latency",
    title: "Latency over throughput",
    caption:
      "Medians over the valid runs of a cell; labels are the offered events per second. Where n is too small for a percentile, its point is missing; queries with a single rate are in the table only. Logarithmic axes.",
    spec,
    csv: csv(
      [
        { name: "cell", value: (row) => row.cell },
        { name: "query", value: (row) => row.query },
        { name: "percentile", value: (row) => row.quantile },
        { name: "offered_events_per_second", value: (row) => rounded(row.offered) },
        { name: "achieved_output_rows_per_second", value: (row) => rounded(row.achieved) },
        { name: "latency_ms", value: (row) => row.latencyMs },
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
