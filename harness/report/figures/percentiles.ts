import type { TopLevelSpec } from "vega-lite";
import type { CellCurve } from "../../analyze/cell-curve.ts";
import { csv, rounded } from "../csv.ts";
import { integer } from "../format.ts";
import type { Figure } from "./figure.ts";
import { countsText, lineChannels, lineOf, offeredText, withDashes } from "./line-channels.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";
import type { Series } from "./series.ts";

/** Axis labels of 1 / (1 − quantile). */
const LABELS =
  "datum.value == 1 ? '0 %' : datum.value == 10 ? '90 %' : datum.value == 100 ? '99 %' : datum.value == 1000 ? '99.9 %'" +
  " : datum.value == 10000 ? '99.99 %' : datum.value == 100000 ? '99.999 %' : ''";

/** Figure 4 of `measurement.md`: latency over percentile, one panel a query, one line a cell. Null without data. */
export function percentileFigure(curves: readonly CellCurve[], series: ReadonlyMap<string, Series>): Figure | null {
  const drawn = curves.filter(({ curve }) => curve.points.length > 1);
  if (drawn.length === 0) return null;
  const points = drawn.flatMap(({ cell, query, offeredPerSecond, curve }) =>
    curve.points.map(({ inverse, percentile, latencyUs }) => ({
      cell: cell.id,
      query,
      ...lineOf(query, offeredPerSecond, series.get(cell.id)),
      inverse,
      percentile,
      latencyMs: latencyUs / 1000,
      n: curve.n,
    })),
  );
  const rows = withDashes(points);
  const queries = [...new Set(rows.map(({ query }) => query))];
  const y = logAxis(rows.map(({ latencyMs }) => latencyMs));
  const spec = {
    data: { values: rows },
    title: axisTitleBelow("percentile"),
    spacing: 22,
    facet: { field: "query", type: "nominal", sort: queries, header: { title: null } },
    columns: Math.min(3, queries.length),
    spec: {
      width: plotWidth(queries.length),
      height: 280,
      mark: { type: "line", strokeWidth: 2 },
      encoding: {
        x: {
          field: "inverse",
          type: "quantitative",
          scale: { type: "log" },
          axis: {
            title: null,
            values: [1, 10, 100, 1000, 10_000, 100_000],
            labelExpr: LABELS,
            labelOverlap: false,
            labelFontSize: 10,
          },
        },
        y: {
          field: "latencyMs",
          type: "quantitative",
          scale: { type: "log", domain: [...y.domain], nice: false },
          axis: { title: "latency from due time (ms)", format: "~g", values: [...y.values], labelOverlap: false },
        },
        ...lineChannels(rows, series.values()),
        detail: { field: "cell" },
      },
    },
    resolve: { scale: { y: "shared" } },
  } as unknown as TopLevelSpec;
  return {
    id: "latency-percentiles",
    title: "Latency by percentile",
    caption: `End-to-end latency from due time, read_uncommitted, warm-up cut, valid runs of a cell merged; no interval drawn. ${offeredText(rows)} (${countsText(
      drawn.map(({ cell, curve }) => ({ cell: cell.id, n: curve.n })),
      integer,
    )}). Lines end where 10 samples are left above. Logarithmic axes.`,
    spec,
    csv: csv(
      [
        { name: "cell", value: (row) => row.cell },
        { name: "query", value: (row) => row.query },
        { name: "offered_events_per_second", value: (row) => rounded(row.rate) },
        { name: "percentile", value: (row) => rounded(row.percentile, 6) },
        { name: "inverse_of_rest", value: (row) => rounded(row.inverse, 6) },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "n", value: (row) => row.n },
      ],
      rows,
    ),
  };
}
