import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { type FaultSeries, FIGURE_INTERVAL_MS } from "../../analyze/faults/fault-drawing.ts";
import { csv } from "../csv.ts";
import { integer, seconds, shortRate } from "../format.ts";
import { colourOf, FAINT, INK } from "../palette.ts";
import {
  type FaultOfRun,
  faultLane,
  faultOfCell,
  figureSuffix,
  isWithin,
  medianOf,
  type Reach,
  reachOf,
  repetitionsText,
  secondsAxis,
} from "./around-fault.ts";
import type { Figure } from "./figure.ts";
import { MEASURES, type Measure, middleOf, type LatencyRow as Row, steps, type View } from "./latency-steps.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";

/** Told apart without colours too: thick and whole, dashed, thin in the colour of the text. */
const STROKES: Readonly<Record<Measure, { readonly dash: readonly number[]; readonly width: number }>> = {
  p50: { dash: [1, 0], width: 2.4 },
  p99: { dash: [7, 3], width: 1.7 },
  max: { dash: [1, 0], width: 0.9 },
};
const VIEWS = [
  { name: "intended", title: "by the time the output was due" },
  { name: "output", title: "by the time the output came" },
] as const satisfies readonly { readonly name: View; readonly title: string }[];
const MEDIAN = "median";
/** Widths of the lines of single repetitions, of those of their median. */
const FAINTER = 0.5;

/** Latency around one observed fault of a cell, by due time and by output time, with the gap drawn; null when nothing was seen of it. */
export function latencyAroundFaultFigure(analyses: readonly RunAnalysis[], index: number): Figure | null {
  const runs = faultOfCell(analyses, index);
  const [first] = runs;
  if (first === undefined) return null;
  const reach = reachOf(runs);
  const rows = VIEWS.flatMap(({ name }) => rowsOf(name, runs)).filter(({ second }) => isWithin(reach, second));
  const drawn = rows.filter(({ latencyMs }) => latencyMs !== null && latencyMs > 0);
  if (drawn.length === 0) return null;
  const { result, fault } = first;
  const measures = MEASURES.filter((name) => drawn.some(({ measure }) => measure === name));
  const hasDots = rows.some(({ measure }) => measure === "output");
  const sum = (of: (run: FaultOfRun) => number) => integer(runs.reduce((so, run) => so + of(run), 0));
  return {
    id: `latency-around-fault-${figureSuffix(runs)}`,
    title: `Latency around the fault, ${runs.length === 1 ? result.run.id : result.run.cell.id}: ${fault.kind} ${fault.target}`,
    caption: `0 is when the fault was observed. ${repetitionsText(runs)} Lines: ${measures.join(", ")} of every ${FIGURE_INTERVAL_MS} ms${hasDots ? "; dots: every single output" : ""}. ${tooFew(measures)}Lines stop where nothing came out, and at 0. By due time the last step before 0 may be high already: what was due then, and had not come, had to wait. Only first copies count. Shaded: the gap without new outputs${runs.some(({ effect }) => effect.gap?.censored) ? ", which did not end" : ""}; dotted upright: the query runs again, or the fault was undone; level: the median before. ${shortRate(result.offeredPerSecond)} offered, n = ${sum(({ effect }) => effect.before.n)} before and ${sum(({ effect }) => effect.after.n)} after. Logarithmic axis; the last ${seconds(reach.before * 1000)} before, ${seconds(reach.ahead * 1000)} after.`,
    spec: specOf(drawn, measures, runs, reach, colourOf(result.query)),
    csv: csv<Row>(
      [
        { name: "view", value: (row) => (row.view === "intended" ? "by_due_time" : "by_output_time") },
        { name: "run", value: (row) => row.run },
        { name: "relative_to_fault_s", value: (row) => Number(row.second.toFixed(6)) },
        { name: "measure", value: (row) => row.measure },
        { name: "latency_ms", value: (row) => row.latencyMs },
        { name: "n", value: (row) => row.n },
      ],
      rows,
    ),
  };
}

/** Which percentile no interval has enough outputs for: it is not in the legend then. */
function tooFew(measures: readonly Measure[]): string {
  const missing = MEASURES.filter((name) => !measures.includes(name));
  return missing.length === 0 ? "" : `No interval has enough outputs for ${missing.join(" or ")}. `;
}

/** Intervals of every run; single outputs only where there is one run, else medians. */
function rowsOf(view: View, runs: readonly FaultOfRun[]): Row[] {
  const lines = runs.flatMap(({ result, series }) => lineRows(view, result.run.id, series));
  if (runs.length > 1) return [...lines, ...medianRows(view, runs)];
  const points = (runs[0]!.series.points ?? []).map(({ dueUs, observedUs }): Row => {
    const second = (view === "intended" ? dueUs : observedUs) / 1e6;
    const latencyMs = (observedUs - dueUs) / 1000;
    return { view, run: runs[0]!.result.run.id, second, measure: "output", latencyMs, n: 1 };
  });
  return [...lines, ...points];
}

function lineRows(view: View, run: string, series: FaultSeries): Row[] {
  return series[view].flatMap(({ index, count, p50, p99, max }) =>
    MEASURES.map((measure): Row => {
      const us = { p50, p99, max }[measure];
      return { view, run, second: middleOf(index), measure, latencyMs: us === null ? null : us / 1000, n: count };
    }),
  );
}

/** The median of what the runs have in each interval; none where most have no output. */
function medianRows(view: View, runs: readonly FaultOfRun[]): Row[] {
  const byIndex = runs.map(({ series }) => new Map(series[view].map((interval) => [interval.index, interval])));
  const indexes = [...new Set(byIndex.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
  return MEASURES.flatMap((measure) =>
    indexes.flatMap((index): Row[] => {
      const found = byIndex.map((map) => map.get(index));
      const us = medianOf(found.map((interval) => interval?.[measure] ?? null));
      if (us === null) return [];
      const n = found.reduce((sum, interval) => sum + (interval?.count ?? 0), 0);
      return [{ view, run: MEDIAN, second: middleOf(index), measure, latencyMs: us / 1000, n }];
    }),
  );
}

function specOf(
  drawn: readonly Row[],
  measures: readonly Measure[],
  runs: readonly FaultOfRun[],
  reach: Reach,
  colour: string,
): TopLevelSpec {
  const yAxis = logAxis(drawn.map(({ latencyMs }) => latencyMs!));
  const x = secondsAxis(reach, 10);
  const isBold = (row: Row) => runs.length === 1 || row.run === MEDIAN;
  const plots = VIEWS.map(({ name, title }, position) => {
    const y = {
      field: "latencyMs",
      type: "quantitative",
      scale: { type: "log", domain: [...yAxis.domain], nice: false },
      axis: { title: position === 0 ? "latency (ms)" : null, format: "~g", values: [...yAxis.values] },
    };
    const own = drawn.filter(({ view }) => view === name);
    const lines = own.filter(({ measure }) => measure !== "output");
    const line = (of: readonly Row[], mark: object, channels: object) => ({
      data: { values: steps(of) },
      mark: { type: "line", ...mark },
      encoding: { x: { ...x, sort: null }, y, ...channels, detail: { field: "part" } },
    });
    // A layer for each measure: scales of the widths of thin and bold lines would become one.
    const thin = lines.filter((row) => !isBold(row));
    const thinLines = measures.map((measure) => {
      const { dash, width } = STROKES[measure];
      const mark = { color: colourFor(measure, colour), strokeDash: dash, strokeWidth: width * FAINTER, opacity: 0.55 };
      return line(
        thin.filter((row) => row.measure === measure),
        mark,
        {},
      );
    });
    return {
      width: plotWidth(2),
      height: 260,
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        ...faultLane(runs, reach),
        ...medianBefore(runs),
        {
          data: { values: own.filter(({ measure }) => measure === "output") },
          mark: { type: "point", filled: true, size: 7, opacity: 0.35, color: colour },
          encoding: { x, y },
        },
        ...(runs.length === 1 ? [] : thinLines),
        line(lines.filter(isBold), {}, strokes(measures, colour)),
      ],
    };
  });
  return {
    title: axisTitleBelow("seconds since the fault was observed"),
    spacing: 22,
    hconcat: plots,
  } as unknown as TopLevelSpec;
}

function medianBefore(runs: readonly FaultOfRun[]): object[] {
  const level = medianOf(runs.map(({ effect }) => effect.before.p50Us));
  if (level === null || level <= 0) return [];
  return [
    {
      data: { values: [{ level: level / 1000 }] },
      mark: { type: "rule", color: FAINT, strokeWidth: 1.2 },
      encoding: { y: { field: "level", type: "quantitative" } },
    },
  ];
}

function colourFor(measure: Measure, colour: string): string {
  return measure === "max" ? INK : colour;
}

/** The same in both plots, so that they share one legend. */
function strokes(measures: readonly Measure[], colour: string) {
  const channel = (range: readonly unknown[]) => ({
    field: "measure",
    type: "ordinal",
    scale: { domain: [...measures], range },
    legend: LEGEND,
  });
  return {
    color: channel(measures.map((measure) => colourFor(measure, colour))),
    strokeDash: channel(measures.map((measure) => STROKES[measure].dash)),
    strokeWidth: channel(measures.map((measure) => STROKES[measure].width)),
  };
}

const LEGEND = {
  title: null,
  orient: "top",
  symbolType: "stroke",
  symbolSize: 400,
  symbolFillColor: "transparent",
  labelOffset: 8,
} as const;
