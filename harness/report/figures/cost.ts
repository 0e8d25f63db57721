import type { TopLevelSpec } from "vega-lite";
import { spread } from "../../analyze/cell-summary.ts";
import { systemBytesPerEvent, systemCpuPerMillion } from "../../analyze/system-cpu.ts";
import type { RunResult } from "../../sweep/model.ts";
import { csv, rounded } from "../csv.ts";
import { integer, shortRate } from "../format.ts";
import { INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { plotWidth, SHORT_NUMBER } from "./render.ts";
import { FACTOR, modeOf, type Series, seriesOf } from "./series.ts";

const MEASURES = [
  { name: "events_per_core_second", title: "events per second and core", of: eventsPerCore },
  { name: "bytes_written_per_event", title: "bytes written per event", of: systemBytesPerEvent },
  { name: "state_kib", title: "state in a checkpoint (KiB)", of: stateKib },
] as const;
type Measure = (typeof MEASURES)[number]["name"];

interface Row {
  readonly label: string;
  readonly query: string;
  readonly system: string;
  readonly mode: string;
  readonly replicas: number | null;
  readonly offered: number;
  readonly run: string;
  readonly measure: Measure;
  readonly value: number;
  readonly colour: string;
}

/**
 * Figure 12 of `measurement.md`: what a system costs while nothing is broken: events per second of one core's time, bytes written, state, by number of
 * replicas. Only the processes of the system under test; feeder, observer, broker and harness are never in it. Null where there is nothing to
 * compare: one system, one way of recovery, one number of replicas.
 */
export function costFigure(results: readonly RunResult[]): Figure | null {
  const whole = results.filter(({ state, faults }) => state === "valid" && faults === undefined);
  const kinds = new Set(whole.map((result) => JSON.stringify([result.system, modeOf(result), replicasOf(result)])));
  if (kinds.size < 2) return null;
  const series = seriesOf(results);
  const rows = whole.flatMap((result) => rowsOf(result, whole, series.get(result.run.cell.id)!));
  if (rows.length === 0) return null;
  const runs = new Set(rows.map(({ run }) => run)).size;
  return {
    id: "cost",
    title: "Cost",
    caption: `Valid runs in which nothing was broken, n = ${integer(runs)}; points: single runs, upright: their median, no interval drawn. Only the system's own processes: feeder, observer, harness, link proxy and broker are not in it. Events per second and core: events sent over CPU seconds used. Bytes written: to sockets, pipes and files, so to the network, to the broker and to checkpoints together. State: median size of a run's checkpoints.`,
    spec: specOf(rows),
    csv: csv<Row>(
      [
        { name: "variant", value: (row) => row.label },
        { name: "query", value: (row) => row.query },
        { name: "system", value: (row) => row.system },
        { name: "recovery", value: (row) => row.mode },
        { name: "replicas", value: (row) => row.replicas },
        { name: "offered_events_per_second", value: (row) => row.offered },
        { name: "run", value: (row) => row.run },
        { name: "measure", value: (row) => row.measure },
        { name: "value", value: (row) => rounded(row.value, 6) },
      ],
      rows,
    ),
  };
}

function rowsOf(result: RunResult, all: readonly RunResult[], series: Series): readonly Row[] {
  const { query, system, offeredPerSecond, run } = result;
  const differs = (of: (result: RunResult) => unknown) => new Set(all.map(of)).size > 1;
  const replicas = replicasOf(result);
  const parts = [
    query,
    ...(series.name === query ? [] : [series.name]),
    ...(differs((one) => one.offeredPerSecond) ? [shortRate(offeredPerSecond)] : []),
    ...(differs(replicasOf) && run.cell.axes[FACTOR] === undefined && replicas !== null
      ? [`${replicas} ${replicas === 1 ? "replica" : "replicas"}`]
      : []),
  ];
  return MEASURES.flatMap(({ name, of }): Row[] => {
    const value = of(result);
    if (value === null) return [];
    const { colour } = series;
    const about = { query, system, mode: modeOf(result), replicas, offered: offeredPerSecond ?? 0, run: run.id };
    return [{ label: parts.join(" · "), ...about, measure: name, value, colour }];
  });
}

/** Null where a run had replicas and left nothing to tell how many. */
function replicasOf({ recovery, replication }: RunResult): number | null {
  return replication?.factor ?? (recovery === "active" ? null : 1);
}

function eventsPerCore(result: RunResult): number | null {
  const cpuSeconds = systemCpuPerMillion(result);
  return cpuSeconds === null || cpuSeconds === 0 ? null : 1e6 / cpuSeconds;
}

function stateKib({ checkpoints }: RunResult): number | null {
  const bytes = checkpoints?.bytes.median ?? null;
  return bytes === null ? null : bytes / 1024;
}

/** Room that the labels take. */
const LABELS_WIDTH = 260;

function specOf(rows: readonly Row[]): TopLevelSpec {
  const ordered = [...rows].sort((a, b) => (a.replicas ?? 0) - (b.replicas ?? 0));
  const labels = [...new Set(ordered.map(({ label }) => label))];
  const shown = MEASURES.filter(({ name }) => rows.some(({ measure }) => measure === name));
  const plots = shown.map(({ name, title }, position) => {
    const own = rows.filter(({ measure }) => measure === name);
    const medians = [...Map.groupBy(own, ({ label }) => label)].map(([label, values]) => ({
      label,
      value: spread(values.map(({ value }) => value)).median,
    }));
    const y = {
      field: "label",
      type: "nominal",
      scale: { domain: labels },
      axis:
        position === 0
          ? { title: null, labelLimit: 300, grid: true }
          : { title: null, labels: false, ticks: false, domain: false, grid: true },
    };
    const x = {
      field: "value",
      type: "quantitative",
      scale: { domainMin: 0, nice: true },
      axis: { title: null, tickCount: 4, labelExpr: SHORT_NUMBER },
    };
    return {
      width: plotWidth(shown.length) - LABELS_WIDTH / shown.length,
      height: { step: 30 },
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        {
          data: { values: own },
          mark: { type: "point", filled: true, size: 42, opacity: 0.75 },
          encoding: { y, x, color: { field: "colour", type: "nominal", scale: null } },
        },
        {
          data: { values: medians },
          mark: { type: "tick", color: INK, thickness: 2.4, size: 18 },
          encoding: { y, x },
        },
      ],
    };
  });
  return { spacing: 30, hconcat: plots } as unknown as TopLevelSpec;
}
