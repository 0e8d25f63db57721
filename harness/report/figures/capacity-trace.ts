import type { TopLevelSpec } from "vega-lite";
import type { CapacityState } from "../../analyze/capacity/capacity.ts";
import { answerText } from "../capacity-text.ts";
import { csv } from "../csv.ts";
import { FAINT, INK, VOTE_COLOURS } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { logAxis } from "./log-axis.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";

/** Told apart by shape as well as by colour. */
const VOTES = [
  { vote: "sustained", title: "sustained", shape: "circle" },
  { vote: "unsustained", title: "not sustained", shape: "cross" },
  { vote: "instrument", title: "feeder or observer late", shape: "triangle-up" },
  { vote: "unclear", title: "tells nothing", shape: "diamond" },
] as const;
const HEIGHT = 300;

/** Figure 14 of `measurement.md`: the rates that the search tried, one after the other, and what it learned. Null before the first. */
export function capacityTraceFigure(state: CapacityState): Figure | null {
  const rows = state.steps.map(({ step, search, ratePerSecond, vote, run }) => ({
    step,
    search: search + 1,
    rate: ratePerSecond,
    vote: VOTES.find((one) => one.vote === vote)!.title,
    code: vote,
    run,
  }));
  if (rows.length === 0) return null;
  return {
    id: "capacity-trace",
    title: "Search for the capacity",
    caption: `${answerText(state)}. One point a run, n = ${rows.length}; dashed: a new search, with runs of its own; grey line and band: the capacity and its interval. Sustained: ${state.slo.join(", ")}. It is assumed that a rate above one that is too much is too much as well. Logarithmic rate.`,
    spec: specOf(state, rows),
    csv: csv(
      [
        { name: "step", value: (row) => row.step },
        { name: "search", value: (row) => row.search },
        { name: "rate_events_per_second", value: (row) => row.rate },
        { name: "vote", value: (row) => row.code },
        { name: "run", value: (row) => row.run },
      ],
      rows,
    ),
  };
}

interface Row {
  readonly step: number;
  readonly search: number;
  readonly rate: number;
}

function specOf({ answer }: CapacityState, rows: readonly Row[]): TopLevelSpec {
  const { capacityPerSecond: capacity, interval } = answer;
  const bounds = [capacity, interval?.low ?? null, interval?.high ?? null].filter((value) => value !== null);
  const yAxis = logAxis([...rows.map(({ rate }) => rate), ...bounds]);
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0.5, rows.length + 0.5], nice: false },
    axis: { title: null, tickMinStep: 1, format: "d", grid: false },
  };
  const y = {
    field: "rate",
    type: "quantitative",
    scale: { type: "log", domain: [...yAxis.domain], nice: false },
    axis: { title: "events/s", format: "~s", values: [...yAxis.values], labelOverlap: false },
  };
  const votes = { domain: VOTES.map(({ title }) => title) };
  const legend = { title: null, orient: "top", symbolSize: 90, labelLimit: 240 };
  const starts = rows.filter((row, i) => i > 0 && rows[i - 1]!.search !== row.search);
  const band = { low: interval?.low ?? yAxis.domain[0], high: interval?.high ?? yAxis.domain[1] };
  return {
    width: plotWidth(1),
    height: HEIGHT,
    title: axisTitleBelow("probe"),
    layer: [
      ...(interval === null
        ? []
        : [
            {
              data: { values: [band] },
              mark: { type: "rect", color: FAINT, opacity: 0.45 },
              encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
            },
          ]),
      ...(capacity === null
        ? []
        : [
            {
              data: { values: [{ rate: capacity }] },
              mark: { type: "rule", color: INK, opacity: 0.6 },
              encoding: { y },
            },
          ]),
      {
        data: { values: starts.map(({ step }) => ({ step: step - 0.5 })) },
        mark: { type: "rule", strokeDash: [4, 4], color: INK, opacity: 0.5 },
        encoding: { x },
      },
      {
        data: { values: rows },
        mark: { type: "line", strokeWidth: 1, color: INK, opacity: 0.35 },
        encoding: { x, y, detail: { field: "search", type: "nominal" } },
      },
      {
        data: { values: rows },
        mark: { type: "point", filled: true, opacity: 1, size: 90 },
        encoding: {
          x,
          y,
          color: {
            field: "vote",
            type: "nominal",
            scale: { ...votes, range: VOTES.map(({ vote }) => VOTE_COLOURS[vote]) },
            legend,
          },
          shape: {
            field: "vote",
            type: "nominal",
            scale: { ...votes, range: VOTES.map(({ shape }) => shape) },
            legend,
          },
        },
      },
    ],
  } as unknown as TopLevelSpec;
}
