import type { TopLevelSpec } from "vega-lite";
import { type IntervalPoint, intervalPoints } from "../../analyze/checkpoint-interval.ts";
import { medianOfCensored } from "../../analyze/faults/survival.ts";
import type { Censored } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { csv, rounded } from "../csv.ts";
import { integer } from "../format.ts";
import { coloursOf, INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";
import { labelOf } from "./series.ts";

const PANELS = [
  { name: "steady_p99_ms", title: "steady p99 latency (ms)" },
  { name: "caught_up_after_s", title: "caught up after the fault (s)" },
  { name: "cpu_seconds_per_million_events", title: "CPU seconds per million events" },
] as const;
type Measure = (typeof PANELS)[number]["name"];

interface Row {
  readonly series: string;
  readonly query: string;
  /** Run id, or `median` of all of the interval. */
  readonly run: string;
  readonly intervalS: number;
  readonly measure: Measure;
  readonly value: number;
  readonly censored: boolean;
}

const MEDIAN = "median";

/** Figure 8 of `measurement.md`: what the checkpoint interval does to latency, recovery and cost. Null with a single interval. */
export function checkpointIntervalFigure(results: readonly RunResult[]): Figure | null {
  const points = intervalPoints(results);
  if (points.length === 0) return null;
  const single = points.flatMap((point) => rowsOf(point, nameOf(point, points)));
  if (single.length === 0) return null;
  const rows = [...single, ...medians(single)];
  const open = single.filter(({ censored }) => censored).length;
  return {
    id: "checkpoint-interval",
    title: "Checkpoint interval",
    caption: `Points: single runs and faults, n = ${integer(points.length)} valid runs; lines: medians of each interval, of recoveries the product-limit estimate. Faults struck at whatever phase of the interval the runs had them (faults.csv has it). Steady: before the first fault, or the whole run where there was none.${open > 0 ? ` Triangles: not over when the load ended, ${integer(open)} of them; the value is a lower bound.` : ""} CPU of the system's own processes. Logarithmic interval.`,
    spec: specOf(rows),
    csv: csv<Row>(
      [
        { name: "series", value: (row) => row.series },
        { name: "query", value: (row) => row.query },
        { name: "run", value: (row) => row.run },
        { name: "checkpoint_interval_s", value: (row) => row.intervalS },
        { name: "measure", value: (row) => row.measure },
        { name: "value", value: (row) => rounded(row.value, 6) },
        { name: "censored", value: (row) => Number(row.censored) },
      ],
      rows,
    ),
  };
}

function rowsOf(point: IntervalPoint, series: string): Row[] {
  const { query, run, intervalMs, steadyP99Us, cpuPerMillion, recoveries } = point;
  const row = (measure: Measure, value: number, censored = false): Row => ({
    ...{ series, query, run, intervalS: intervalMs / 1000 },
    ...{ measure, value, censored },
  });
  return [
    ...(steadyP99Us === null ? [] : [row("steady_p99_ms", steadyP99Us / 1000)]),
    ...recoveries.map(({ ms, censored }) => row("caught_up_after_s", ms / 1000, censored)),
    ...(cpuPerMillion === null ? [] : [row("cpu_seconds_per_million_events", cpuPerMillion)]),
  ];
}

function medians(rows: readonly Row[]): Row[] {
  const groups = Map.groupBy(rows, ({ series, intervalS, measure }) => JSON.stringify([series, measure, intervalS]));
  return [...groups.values()].flatMap((own): Row[] => {
    const median = medianOfCensored(own.map(({ value, censored }): Censored => ({ ms: value, censored })));
    return median === null ? [] : [{ ...own[0]!, run: MEDIAN, value: median.ms, censored: median.censored }];
  });
}

/** The query, and the settings in which the series differ. */
function nameOf({ query, system, others }: IntervalPoint, all: readonly IntervalPoint[]): string {
  const differs = (path: string) =>
    new Set(all.filter((point) => point.query === query).map((point) => JSON.stringify(point.others[path]))).size > 1;
  const more = Object.entries(others).filter(([path]) => path !== "query" && differs(path));
  const systems = new Set(all.map((point) => point.system)).size > 1 ? [system] : [];
  return [query, ...systems, ...more.map(([path, value]) => labelOf(path, value))].join(" · ");
}

function specOf(rows: readonly Row[]): TopLevelSpec {
  const series = [...new Map(rows.map((row) => [row.series, row.query])).entries()];
  const isPlain = new Set(series.map(([, query]) => query)).size === series.length;
  const colours = coloursOf(series.map(([name, query]) => (isPlain ? query : name)));
  const color = {
    field: "series",
    type: "nominal",
    scale: {
      domain: series.map(([name]) => name),
      range: series.map(([name, query]) => colours.get(isPlain ? query : name)!),
    },
    legend: series.length > 1 ? { title: null, orient: "top" } : null,
  };
  const xAxis = logAxis(rows.map(({ intervalS }) => intervalS));
  const x = {
    field: "intervalS",
    type: "quantitative",
    scale: { type: "log", domain: [...xAxis.domain], nice: false, padding: 14 },
    axis: { title: null, format: "~g", values: [...new Set(rows.map(({ intervalS }) => intervalS))] },
  };
  const shown = PANELS.filter(({ name }) => rows.some(({ measure }) => measure === name));
  const plots = shown.map(({ name, title }) => {
    const own = rows
      .filter(({ measure }) => measure === name)
      .map((row) => ({ ...row, end: row.censored ? "open" : "over" }));
    const y = {
      field: "value",
      type: "quantitative",
      scale: { domainMin: 0, nice: true },
      axis: { title: null, tickCount: 5 },
    };
    const shape = {
      field: "end",
      type: "nominal",
      scale: { domain: ["over", "open"], range: ["circle", "triangle-up"] },
      legend: null,
    };
    return {
      width: plotWidth(3),
      height: 220,
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        {
          data: { values: own.filter(({ run }) => run === MEDIAN) },
          mark: { type: "line", strokeWidth: 2 },
          encoding: { x, y, color },
        },
        {
          data: { values: own.filter(({ run }) => run !== MEDIAN) },
          mark: { type: "point", filled: true, size: 40, opacity: 0.6 },
          encoding: { x, y, color, shape },
        },
      ],
    };
  });
  return {
    title: axisTitleBelow("checkpoint interval (s)"),
    spacing: 30,
    hconcat: plots,
  } as unknown as TopLevelSpec;
}
