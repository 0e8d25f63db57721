import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { csv } from "../csv.ts";
import { integer, shortRate } from "../format.ts";
import { colourOf, FAINT } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { logAxis } from "./log-axis.ts";
import { plotWidth } from "./render.ts";

const MEASURES = ["p50", "p99", "max"] as const;

/** p50, p99 and maximum of every second of a run, by intended time of the trigger. Null without matched outputs. */
export function latencyOverTimeFigure({ result, intervals }: RunAnalysis): Figure | null {
  const rows = intervals["e2e-intended"].flatMap(({ index, p50, p99, max, count }) =>
    MEASURES.map((measure) => {
      const us = { p50, p99, max }[measure];
      return { second: index, measure, latencyMs: us === null ? null : us / 1000, n: count };
    }),
  );
  const drawn = rows.filter((row) => row.latencyMs !== null && row.latencyMs > 0);
  if (drawn.length === 0) return null;
  const yAxis = logAxis(drawn.map((row) => row.latencyMs!));
  const colour = colourOf(result.query);
  const warmupEnd = result.warmupCutMs / 1000;
  const spec = {
    width: plotWidth(1),
    height: 190,
    layer: [
      {
        data: { values: warmupEnd > 0 ? [{ from: 0, to: warmupEnd }] : [] },
        mark: { type: "rect", color: FAINT, opacity: 0.35 },
        encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
      },
      {
        data: { values: drawn },
        mark: { type: "line", strokeWidth: 1.6, point: { filled: true, size: 14 } },
        encoding: {
          x: {
            field: "second",
            type: "quantitative",
            scale: { nice: false },
            axis: { title: "seconds since the first event was due", tickMinStep: 1 },
          },
          y: {
            field: "latencyMs",
            type: "quantitative",
            scale: { type: "log", domain: [...yAxis.domain], nice: false },
            axis: { title: "latency (ms)", format: "~g", values: [...yAxis.values], labelOverlap: true },
          },
          color: { value: colour },
          strokeDash: {
            field: "measure",
            type: "nominal",
            scale: {
              domain: [...MEASURES],
              range: [
                [1, 0],
                [6, 3],
                [1.5, 2.5],
              ],
            },
            legend: {
              title: null,
              orient: "top",
              symbolType: "stroke",
              symbolSize: 400,
              symbolFillColor: "transparent",
            },
          },
        },
      },
    ],
  } as unknown as TopLevelSpec;
  return {
    id: `latency-over-time-${result.run.id}`,
    title: `Latency over time, ${result.run.id}`,
    caption: `Per second, by the time the triggering event was due; ${shortRate(result.offeredPerSecond)} offered, n = ${integer(result.latencyUs.n)} after the warm-up (shaded). Percentiles of seconds with too few outputs are left out.`,
    spec,
    csv: csv(
      [
        { name: "second", value: (row) => row.second },
        { name: "measure", value: (row) => row.measure },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "n", value: (row) => row.n },
      ],
      rows,
    ),
  };
}
