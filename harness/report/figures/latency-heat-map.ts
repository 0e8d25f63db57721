import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { type HeatCell, latencyHeat } from "../../analyze/latency-heat.ts";
import { csv, rounded } from "../csv.ts";
import { integer, shortRate } from "../format.ts";
import { FEW_TO_MANY, INK } from "../palette.ts";
import { faultLanes, LANE_TEXT, laneLayers } from "./fault-lane.ts";
import type { Figure } from "./figure.ts";
import { logAxis } from "./log-axis.ts";
import { plotWidth } from "./render.ts";

/**
 * Figure 3 of `measurement.md`: how many outputs had which latency, over time, by intended time of the trigger. What percentiles hide, two modes or
 * the saw-tooth of checkpoints, is seen here. Null without matched outputs.
 */
export function latencyHeatMapFigure({ result, intervals }: RunAnalysis): Figure | null {
  const { cells, negative, overflow, seconds } = latencyHeat(intervals["e2e-intended"]);
  if (cells.length === 0) return null;
  const lanes = faultLanes(result.faults);
  const n = cells.reduce((sum, { outputs }) => sum + outputs, 0);
  const outside = negative + overflow;
  return {
    id: `latency-heat-map-${result.run.id}`,
    title: `Latency heat map, ${result.run.id}`,
    caption: `Outputs by ${seconds === 1 ? "the second" : `stretches of ${integer(seconds)} s`} in which the triggering event was due, and by latency; colours count them, logarithmically; no colour: none at all. ${shortRate(result.offeredPerSecond)} offered, n = ${integer(n)} with the warm-up, which ends at the dashed line; nothing is averaged, no interval drawn.${outside > 0 ? ` Not drawn: ${integer(negative)} below 0, ${integer(overflow)} above 1 h.` : ""}${lanes.length > 0 ? LANE_TEXT : ""} Logarithmic axis.`,
    spec: specOf(cells, lanes, result.warmupCutMs / 1000),
    csv: csv<HeatCell>(
      [
        { name: "second_from", value: (row) => row.second },
        { name: "second_to", value: (row) => row.secondEnd },
        { name: "latency_from_ms", value: (row) => rounded(row.latencyUs / 1000, 6) },
        { name: "latency_to_ms", value: (row) => rounded(row.latencyEndUs / 1000, 6) },
        { name: "outputs", value: (row) => row.outputs },
      ],
      cells,
    ),
  };
}

function specOf(cells: readonly HeatCell[], lanes: ReturnType<typeof faultLanes>, warmupEnd: number): TopLevelSpec {
  const rows = cells.map(({ second, secondEnd, latencyUs, latencyEndUs, outputs }) => ({
    second,
    x2: secondEnd,
    latencyMs: latencyUs / 1000,
    y2: latencyEndUs / 1000,
    outputs,
  }));
  const axis = logAxis(rows.flatMap(({ latencyMs, y2 }) => [latencyMs, y2]));
  const most = Math.max(2, ...rows.map(({ outputs }) => outputs));
  const powers = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, power) => 10 ** power);
  const layers = laneLayers(lanes);
  const x = {
    field: "second",
    type: "quantitative",
    scale: { nice: false, domainMin: 0 },
    axis: { title: "seconds since the first event was due", tickMinStep: 1, grid: false },
  };
  return {
    width: plotWidth(1) - LEGEND_WIDTH,
    height: 240,
    layer: [
      layers.shaded,
      {
        data: { values: rows },
        mark: { type: "rect", aria: false },
        encoding: {
          x,
          x2: { field: "x2" },
          y: {
            field: "latencyMs",
            type: "quantitative",
            scale: { type: "log", domain: [...axis.domain], nice: false },
            axis: { title: "latency from due time (ms)", format: "~g", values: [...axis.values], labelOverlap: true },
          },
          y2: { field: "y2" },
          color: {
            field: "outputs",
            type: "quantitative",
            scale: { type: "log", domain: [1, most], range: [...FEW_TO_MANY], interpolate: "lab" },
            legend: {
              title: "outputs",
              orient: "right",
              gradientLength: 190,
              values: powers,
              format: "~s",
              tickCount: powers.length,
            },
          },
        },
      },
      layers.begin,
      {
        data: { values: warmupEnd > 0 ? [{ at: warmupEnd }] : [] },
        mark: { type: "rule", color: INK, strokeWidth: 1.2, strokeDash: [5, 4] },
        encoding: { x: { field: "at", type: "quantitative" } },
      },
    ],
  } as unknown as TopLevelSpec;
}

const LEGEND_WIDTH = 70;
