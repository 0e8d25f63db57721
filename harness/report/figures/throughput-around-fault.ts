import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { COUNTER_INTERVAL_MS, type FaultCount } from "../../analyze/faults/fault-counters.ts";
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
import { axisTitleBelow, plotWidth, SHORT_NUMBER } from "./render.ts";

const PER_SECOND = 1000 / COUNTER_INTERVAL_MS;
const MEDIAN = "median";

/** What is drawn and written of an interval, in the order of the plots. */
const PANELS = [
  { name: "sent", title: "input sent (events/s)", of: ({ sent }: FaultCount) => scaled(sent) },
  { name: "came", title: "new outputs (outputs/s)", of: ({ came }: FaultCount) => scaled(came) },
  { name: "backlog", title: "overdue outputs (backlog)", of: ({ backlog }: FaultCount) => backlog },
] as const;
const OTHERS = [
  { name: "due", of: ({ due }: FaultCount) => scaled(due) },
  { name: "repeated", of: ({ repeated }: FaultCount) => scaled(repeated) },
] as const;
const COLUMNS = [...PANELS, ...OTHERS];
type Name = (typeof COLUMNS)[number]["name"];

interface Row {
  /** Run id, or `median` of all of them. */
  readonly run: string;
  /** Begin of the interval, relative to the observed fault. */
  readonly fromMs: number;
  readonly values: Readonly<Record<Name, number | null>>;
}

/** Input, output and backlog around one observed fault of a cell, by 100 ms; null when nothing was seen of it. */
export function throughputAroundFaultFigure(analyses: readonly RunAnalysis[], index: number): Figure | null {
  const runs = faultOfCell(analyses, index);
  const [first] = runs;
  if (first === undefined) return null;
  const reach = reachOf(runs);
  const all = runs.map(({ result, series }) => series.counts.map((count) => rowOf(result.run.id, count)));
  const rows = [...all.flat(), ...(runs.length === 1 ? [] : medianRows(all))].filter(({ fromMs }) =>
    isWithin(reach, middleOf(fromMs)),
  );
  if (rows.length === 0) return null;
  const { result, fault } = first;
  const peak = Math.max(0, ...rows.filter(({ fromMs }) => fromMs >= 0).map(({ values }) => values.came ?? 0));
  return {
    id: `throughput-around-fault-${figureSuffix(runs)}`,
    title: `Throughput and backlog around the fault, ${runs.length === 1 ? result.run.id : result.run.cell.id}: ${fault.kind} ${fault.target}`,
    caption: `Counts of every ${COUNTER_INTERVAL_MS} ms as rates; 0 is when the fault was observed. ${repetitionsText(runs)} Input: events handed to Kafka. Output: first copies, as the observer saw them, ${shortRate(peak)} at the highest after the fault; copies of results that were out already are in the data only. Backlog: the most outputs of an interval that were due and not there yet. Thin level: what was due at the time (${shortRate(result.offeredPerSecond)} events offered). Shaded: the gap without new outputs; dotted upright: the query runs again, or the fault was undone. The last ${seconds(reach.before * 1000)} before, at most ${seconds(reach.ahead * 1000)} after, up to the end of the load; n = ${integer(rows.length)} intervals.`,
    spec: specOf(rows, runs, reach, colourOf(result.query)),
    csv: csv<Row>(
      [
        { name: "run", value: ({ run }) => run },
        { name: "relative_to_fault_s", value: ({ fromMs }) => fromMs / 1000 },
        { name: "input_sent_per_second", value: ({ values }) => values.sent },
        { name: "outputs_new_per_second", value: ({ values }) => values.came },
        { name: "outputs_due_per_second", value: ({ values }) => values.due },
        { name: "outputs_repeated_per_second", value: ({ values }) => values.repeated },
        { name: "outputs_overdue_max", value: ({ values }) => values.backlog },
      ],
      rows,
    ),
  };
}

/** Of an interval, s. */
function middleOf(fromMs: number): number {
  return (fromMs + COUNTER_INTERVAL_MS / 2) / 1000;
}

function scaled(count: number | null): number | null {
  return count === null ? null : count * PER_SECOND;
}

function rowOf(run: string, count: FaultCount): Row {
  const values = Object.fromEntries(COLUMNS.map(({ name, of }) => [name, of(count)]));
  return { run, fromMs: count.fromMs, values: values as Row["values"] };
}

function medianRows(all: readonly (readonly Row[])[]): Row[] {
  const byTime = all.map((rows) => new Map(rows.map((row) => [row.fromMs, row])));
  const times = [...new Set(byTime.flatMap((rows) => [...rows.keys()]))].sort((a, b) => a - b);
  return times.map((fromMs) => {
    const found = byTime.map((rows) => rows.get(fromMs));
    const median = (name: Name) => medianOf(found.map((row) => row?.values[name] ?? null));
    const values = Object.fromEntries(COLUMNS.map(({ name }) => [name, median(name)]));
    return { run: MEDIAN, fromMs, values: values as Row["values"] };
  });
}

function specOf(rows: readonly Row[], runs: readonly FaultOfRun[], reach: Reach, colour: string): TopLevelSpec {
  const x = secondsAxis(reach, 6);
  const isBold = ({ run }: Row) => runs.length === 1 || run === MEDIAN;
  const plots = PANELS.map(({ name, title }) => {
    const points = (of: Name, kept: readonly Row[]) =>
      kept.flatMap(({ run, fromMs, values }) => {
        const value = values[of];
        return value === null ? [] : [{ run, second: middleOf(fromMs), value }];
      });
    const y = {
      field: "value",
      type: "quantitative",
      scale: { zero: true, nice: true },
      axis: { title: null, labelExpr: SHORT_NUMBER, tickCount: 5 },
    };
    const line = (values: readonly object[], color: string, strokeWidth: number, opacity: number) => ({
      data: { values },
      mark: { type: "line", color, strokeWidth, opacity, interpolate: "step" },
      encoding: { x, y, detail: { field: "run" } },
    });
    const bold = rows.filter(isBold);
    return {
      width: plotWidth(3),
      height: 220,
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        ...faultLane(runs, reach),
        ...(name === "came" ? [line(points("due", bold), INK, 0.6, 0.5)] : []),
        ...(runs.length === 1
          ? []
          : [
              line(
                points(
                  name,
                  rows.filter((row) => !isBold(row)),
                ),
                colour,
                0.6,
                0.4,
              ),
            ]),
        line(points(name, bold), colour, runs.length === 1 ? 1.2 : 1.8, 1),
        {
          data: { values: [{ value: 0 }] },
          mark: { type: "rule", color: FAINT },
          encoding: { y: { field: "value", type: "quantitative" } },
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
