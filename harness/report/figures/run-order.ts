import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { median } from "../../analyze/statistics/median.ts";
import { csv, rounded } from "../csv.ts";
import { integer } from "../format.ts";
import { FAINT, INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";
import type { Series } from "./series.ts";

interface Row {
  readonly query: string;
  readonly variant: string;
  readonly run: string;
  readonly block: number;
  readonly startedMinutes: number;
  readonly p50Ms: number;
  /** To the median of its variant. */
  readonly ratio: number;
}

/**
 * Figure 13 of `measurement.md`: does the session drift? The median latency of every valid run over when it began, as a ratio to the median of
 * its variant, so that all variants share one axis. Null where no variant has two runs.
 */
export function runOrderFigure(analyses: readonly RunAnalysis[], series: ReadonlyMap<string, Series>): Figure | null {
  const rows = rowsOf(analyses);
  if (rows.length === 0) return null;
  const variants = new Set(rows.map(({ variant }) => variant)).size;
  return {
    id: "run-order",
    title: "Order of the runs",
    caption: `Median latency of every valid run, divided by the median over the runs of its variant, over when it began; n = ${integer(rows.length)} runs of ${integer(variants)} variants, which took turns in random blocks (dashed: a new block). Points about 1 in no order: no drift. A slope, or a step that all variants take: the machine changed, and variants may be compared within blocks only. Single runs, no interval drawn.`,
    spec: specOf(rows, series),
    csv: csv<Row>(
      [
        { name: "run", value: (row) => row.run },
        { name: "query", value: (row) => row.query },
        { name: "variant", value: (row) => row.variant },
        { name: "block", value: (row) => row.block },
        { name: "started_minutes", value: (row) => rounded(row.startedMinutes) },
        { name: "latency_p50_ms", value: (row) => row.p50Ms },
        { name: "ratio_to_variant_median", value: (row) => rounded(row.ratio, 6) },
      ],
      rows,
    ),
  };
}

function rowsOf(analyses: readonly RunAnalysis[]): readonly Row[] {
  const valid = analyses.filter(({ result }) => result.state === "valid" && result.latencyUs.p50 !== null);
  const first = Math.min(...analyses.map(({ record }) => record.startWallMs));
  const variants = [...Map.groupBy(valid, ({ result }) => result.run.cell.id)].filter(([, runs]) => runs.length > 1);
  return variants
    .flatMap(([variant, runs]) => {
      const middle = median(runs.map(({ result }) => result.latencyUs.p50!))!;
      return runs.map(
        ({ result, record }): Row => ({
          query: result.query,
          variant,
          run: result.run.id,
          block: result.run.block,
          startedMinutes: (record.startWallMs - first) / 60_000,
          p50Ms: result.latencyUs.p50! / 1000,
          ratio: result.latencyUs.p50! / middle,
        }),
      );
    })
    .sort((a, b) => a.startedMinutes - b.startedMinutes);
}

/** From so many times on a linear axis would show the outlier and nothing else. */
const WIDE = 3;
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];

function specOf(rows: readonly Row[], series: ReadonlyMap<string, Series>): TopLevelSpec {
  const variants = [...new Set(rows.map(({ variant }) => variant))].sort();
  const blocks = [...Map.groupBy(rows, ({ block }) => block)].map(([, own]) => own[0]!.startedMinutes);
  const x = {
    field: "startedMinutes",
    type: "quantitative",
    scale: { nice: false, padding: 12 },
    axis: { title: null, tickCount: 8 },
  };
  const ratios = rows.map(({ ratio }) => ratio);
  const isWide = Math.max(...ratios) > WIDE * Math.min(...ratios);
  const y = {
    field: "ratio",
    type: "quantitative",
    scale: isWide ? { type: "log", nice: true } : { zero: false, nice: true, padding: 10 },
    axis: { title: "run median / median of its variant", tickCount: 6, format: "~g" },
  };
  const nominal = (range: readonly string[]) => ({
    field: "variant",
    type: "nominal",
    scale: { domain: variants, range },
    legend: { title: null, orient: "top", columns: 4, labelLimit: 260, symbolSize: 70 },
  });
  return {
    width: plotWidth(1),
    height: 240,
    title: axisTitleBelow("minutes since the first run began"),
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", color: FAINT, strokeWidth: 1.6 },
        encoding: { y: { ...y, field: "one" } },
      },
      {
        data: {
          values: blocks
            .sort((a, b) => a - b)
            .slice(1)
            .map((at) => ({ at })),
        },
        mark: { type: "rule", color: INK, opacity: 0.35, strokeDash: [4, 4] },
        encoding: { x: { ...x, field: "at" } },
      },
      {
        data: { values: rows },
        mark: { type: "point", filled: true, size: 60, opacity: 0.9 },
        encoding: {
          x,
          y,
          color: nominal(variants.map((variant) => series.get(variant)?.colour ?? INK)),
          shape: nominal(variants.map((_, i) => SHAPES[i % SHAPES.length]!)),
        },
      },
    ],
  } as unknown as TopLevelSpec;
}
