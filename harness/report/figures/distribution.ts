import type { TopLevelSpec } from "vega-lite";
import type { CellCurve } from "../../analyze/cell-curve.ts";
import { csv, rounded } from "../csv.ts";
import { integer } from "../format.ts";
import type { Figure } from "./figure.ts";
import { countsText, type Line, lineChannels, lineOf, offeredText, withDashes } from "./line-channels.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, PERCENT, plotWidth } from "./render.ts";
import type { Series } from "./series.ts";

interface Row extends Line {
  readonly cell: string;
  readonly query: string;
  readonly latencyMs: number;
  readonly share: number;
  readonly above: number;
  readonly n: number;
}

/**
 * Figure 5 of `measurement.md`: the share of outputs that are not later than a latency (CDF), and below it the share that is later (CCDF,
 * logarithmic, because a linear one hides the tail). A panel a query, a line a cell. Null without data.
 */
export function distributionFigure(curves: readonly CellCurve[], series: ReadonlyMap<string, Series>): Figure | null {
  const drawn = curves.filter(({ distribution }) => distribution.length > 1);
  const points = drawn.flatMap(({ cell, query, offeredPerSecond, curve, distribution }) =>
    distribution.map(
      ({ share, latencyUs }): Row => ({
        ...lineOf(query, offeredPerSecond, series.get(cell.id)),
        cell: cell.id,
        query,
        latencyMs: latencyUs / 1000,
        share,
        above: 1 - share,
        n: curve.n,
      }),
    ),
  );
  const rows = withDashes(points);
  if (!rows.some(({ latencyMs }) => latencyMs > 0)) return null;
  const counts = drawn.map(({ cell, curve }) => ({ cell: cell.id, n: curve.n }));
  return {
    id: "latency-distribution",
    title: "Distribution of latency",
    caption: `Above: the share of outputs that took no longer; below: the share that took longer, on a logarithmic axis, where the tail is. End-to-end latency from due time, read_uncommitted, warm-up cut, valid runs of a cell merged; no interval drawn. ${offeredText(rows)} (${countsText(counts, integer)}). Lines begin and end where 10 samples are left beyond.`,
    spec: specOf(
      rows.filter(({ latencyMs }) => latencyMs > 0),
      series,
    ),
    csv: csv<Row>(
      [
        { name: "cell", value: (row) => row.cell },
        { name: "query", value: (row) => row.query },
        { name: "offered_events_per_second", value: (row) => rounded(row.rate) },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "share_not_above", value: (row) => rounded(row.share, 8) },
        { name: "share_above", value: (row) => rounded(row.above, 8) },
        { name: "n", value: (row) => row.n },
      ],
      rows,
    ),
  };
}

function specOf(rows: readonly (Row & { readonly dash: string })[], series: ReadonlyMap<string, Series>): TopLevelSpec {
  const queries = [...new Set(rows.map(({ query }) => query))];
  const latency = logAxis(rows.map(({ latencyMs }) => latencyMs));
  const tail = logAxis(rows.map(({ above }) => above));
  const channels = lineChannels(rows, series.values());
  const panels = (y: object, titled: boolean) => ({
    spacing: 22,
    facet: {
      field: "query",
      type: "nominal",
      sort: queries,
      header: titled ? { title: null } : { title: null, labelExpr: "''" },
    },
    columns: Math.min(3, queries.length),
    spec: {
      width: plotWidth(queries.length),
      height: 190,
      mark: { type: "line", strokeWidth: 2 },
      encoding: {
        x: {
          field: "latencyMs",
          type: "quantitative",
          scale: { type: "log", domain: [...latency.domain], nice: false },
          axis: { title: null, format: "~g", values: [...latency.values], labelOverlap: true },
        },
        y,
        ...channels,
        detail: { field: "cell" },
      },
    },
  });
  const share = {
    field: "share",
    type: "quantitative",
    scale: { domain: [0, 1] },
    axis: { title: "share not later", labelExpr: PERCENT, tickCount: 5 },
  };
  const above = {
    field: "above",
    type: "quantitative",
    scale: { type: "log", domain: [tail.domain[0], 1], nice: false },
    axis: {
      title: "share later",
      labelExpr: PERCENT,
      values: tail.values.filter((value) => value <= 1),
      labelOverlap: true,
    },
  };
  return {
    data: { values: rows },
    title: axisTitleBelow("latency from due time (ms)"),
    spacing: 18,
    vconcat: [panels(share, true), panels(above, false)],
  } as unknown as TopLevelSpec;
}
