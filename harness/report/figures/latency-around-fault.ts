import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { type FaultSeries, FIGURE_INTERVAL_MS } from "../../analyze/faults/fault-recorder.ts";
import type { FaultEffect } from "../../faults/result.ts";
import { csv } from "../csv.ts";
import { integer, seconds, shortRate } from "../format.ts";
import { colourOf, FAINT, INK } from "../palette.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, type Figure, plotWidth } from "./render.ts";

const MEASURES = ["p50", "p99", "max"] as const;
const DASHES = [
  [1, 0],
  [6, 3],
  [1.5, 2.5],
];
const VIEWS = [
  { name: "intended", title: "by the time the output was due" },
  { name: "output", title: "by the time the output came" },
] as const;
type View = (typeof VIEWS)[number]["name"];

/** How far the figure looks back, and at least and at most ahead, s. */
const BEFORE = 10;
const AFTER_LEAST = 10;
const AFTER_MOST = 60;

interface Row {
  readonly view: View;
  /** Middle of the interval, or the output itself; relative to the observed fault. */
  readonly second: number;
  readonly measure: (typeof MEASURES)[number] | "output";
  readonly latencyMs: number | null;
  readonly n: number;
  /** Lines are broken where intervals have no output: a gap is not bridged. */
  readonly part: number;
}

/** Latency around one observed fault, by due time and by output time, with the gap drawn; null when nothing was seen of it. */
export function latencyAroundFaultFigure({ result, faultSeries }: RunAnalysis, index: number): Figure | null {
  const fault = result.faults?.[index];
  const series = faultSeries[index] ?? null;
  if (fault?.effect == null || fault.observedMs === null || series === null) return null;
  const { effect, observedMs } = fault;
  const ahead = Math.min(AFTER_MOST, Math.max(AFTER_LEAST, 2.5 * ((effect.catchUp?.ms ?? 0) / 1000)));
  const rows = VIEWS.flatMap(({ name }) => rowsOf(name, series)).filter(
    ({ second }) => second >= -BEFORE && second <= ahead,
  );
  const drawn = rows.filter(({ latencyMs }) => latencyMs !== null && latencyMs > 0);
  if (drawn.length === 0) return null;
  const spec = specOf(drawn, marksOf(effect, observedMs, fault.recoveredMs), ahead, colourOf(result.query));
  const id = `latency-around-fault-${result.run.id}-${index + 1}`;
  const who = `${fault.kind} ${fault.target}`;
  return {
    id,
    title: `Latency around the fault, ${result.run.id}: ${who}`,
    caption: `0 is when the fault was observed. Lines: p50, p99 and maximum of every ${FIGURE_INTERVAL_MS} ms, percentiles only where an interval has enough outputs${series.points === null ? "" : "; dots: every single output"}. Lines stop where nothing came out. Only first copies count. Shaded: the gap without new outputs${effect.gap?.censored === true ? ", which did not end" : ""}; thin line: the query runs again. ${shortRate(result.offeredPerSecond)} offered, n = ${integer(effect.before.n)} before and ${integer(effect.after.n)} after. Logarithmic axis; the last ${BEFORE} s before, ${seconds(ahead * 1000)} after.`,
    spec,
    csv: csv<Row>(
      [
        { name: "view", value: (row) => (row.view === "intended" ? "by_due_time" : "by_output_time") },
        { name: "relative_to_fault_s", value: (row) => Number(row.second.toFixed(6)) },
        { name: "measure", value: (row) => row.measure },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "n", value: (row) => row.n },
      ],
      rows,
    ),
  };
}

function rowsOf(view: View, series: FaultSeries): Row[] {
  let part = 0;
  let last = Number.NEGATIVE_INFINITY;
  const lines = series[view].flatMap(({ index, count, p50, p99, max }) => {
    if (index > last + 1) part++;
    last = index;
    return MEASURES.map((measure): Row => {
      const us = { p50, p99, max }[measure];
      const second = ((index + 0.5) * FIGURE_INTERVAL_MS) / 1000;
      return { view, second, measure, latencyMs: us === null ? null : us / 1000, n: count, part };
    });
  });
  const points = (series.points ?? []).map(({ dueUs, observedUs }): Row => {
    const second = (view === "intended" ? dueUs : observedUs) / 1e6;
    return { view, second, measure: "output", latencyMs: (observedUs - dueUs) / 1000, n: 1, part: 0 };
  });
  return [...lines, ...points];
}

interface Marks {
  readonly gap: { readonly from: number; readonly to: number } | null;
  readonly recovered: number | null;
  readonly medianMs: number | null;
}

function marksOf({ gap, before }: FaultEffect, observedMs: number, recoveredMs: number | null): Marks {
  const relative = (ms: number) => (ms - observedMs) / 1000;
  return {
    gap: gap === null ? null : { from: relative(gap.fromMs), to: relative(gap.fromMs + gap.ms) },
    recovered: recoveredMs === null ? null : relative(recoveredMs),
    medianMs: before.p50Us === null ? null : before.p50Us / 1000,
  };
}

function specOf(drawn: readonly Row[], marks: Marks, ahead: number, colour: string): TopLevelSpec {
  const yAxis = logAxis(drawn.map(({ latencyMs }) => latencyMs!));
  const x = {
    field: "second",
    type: "quantitative",
    scale: { domain: [-BEFORE, ahead], nice: false },
    axis: { title: null, tickCount: 10 },
  };
  const plots = VIEWS.map(({ name, title }, position) => {
    const y = {
      field: "latencyMs",
      type: "quantitative",
      scale: { type: "log", domain: [...yAxis.domain], nice: false },
      axis: { title: position === 0 ? "latency (ms)" : null, format: "~g", values: [...yAxis.values] },
    };
    const own = drawn.filter(({ view }) => view === name);
    return {
      width: plotWidth(2),
      height: 260,
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        ...backdrop(marks, ahead),
        {
          data: { values: own.filter(({ measure }) => measure === "output") },
          mark: { type: "point", filled: true, size: 9, opacity: 0.45, color: colour },
          encoding: { x, y },
        },
        {
          data: { values: own.filter(({ measure }) => measure !== "output") },
          mark: { type: "line", strokeWidth: 1.6 },
          encoding: { x, y, color: { value: colour }, strokeDash: DASH, detail: { field: "part" } },
        },
      ],
    };
  });
  return {
    title: axisTitleBelow("seconds since the fault was observed"),
    spacing: 22,
    hconcat: plots,
  } as unknown as TopLevelSpec;
}

/** Gap, fault, return and the median before. */
function backdrop({ gap, recovered, medianMs }: Marks, ahead: number): object[] {
  const rule = (at: number, width: number, dashed: boolean) => ({
    data: { values: [{ at }] },
    mark: { type: "rule", color: INK, strokeWidth: width, ...(dashed ? { strokeDash: [2, 3] } : {}) },
    encoding: { x: { field: "at", type: "quantitative" } },
  });
  const band = gap === null ? [] : [{ from: Math.max(-BEFORE, gap.from), to: Math.min(ahead, gap.to) }];
  return [
    {
      data: { values: band },
      mark: { type: "rect", color: FAINT, opacity: 0.55 },
      encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
    },
    rule(0, 1.2, false),
    ...(recovered === null || recovered > ahead ? [] : [rule(recovered, 0.8, true)]),
    ...(medianMs === null
      ? []
      : [
          {
            data: { values: [{ level: medianMs }] },
            mark: { type: "rule", color: FAINT, strokeWidth: 1.2 },
            encoding: { y: { field: "level", type: "quantitative" } },
          },
        ]),
  ];
}

/** The same in both plots, so that they share one legend. */
const DASH = {
  field: "measure",
  type: "nominal",
  scale: { domain: [...MEASURES], range: DASHES },
  legend: { title: null, orient: "top", symbolType: "stroke", symbolSize: 400, symbolFillColor: "transparent" },
} as const;
