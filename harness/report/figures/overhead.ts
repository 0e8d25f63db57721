import type { TopLevelSpec } from "vega-lite";
import { spread } from "../../analyze/cell-summary.ts";
import { medianInterval } from "../../analyze/median-interval.ts";
import { type OverheadPair, overheadPairs } from "../../analyze/overhead.ts";
import type { RunResult } from "../../sweep/model.ts";
import { csv, rounded } from "../csv.ts";
import { axisText, integer } from "../format.ts";
import { colourOf, FAINT, INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { plotWidth } from "./render.ts";

const MEASURES = [
  { name: "cpu", title: "CPU time per event, with / without" },
  { name: "p99", title: "p99 latency, with / without" },
] as const;
type Measure = (typeof MEASURES)[number]["name"];

interface Row {
  readonly label: string;
  readonly query: string;
  readonly measure: Measure;
  readonly block: number;
  readonly run: string;
  readonly base: string;
  readonly ratio: number;
}

/** Figure 11 of `measurement.md`: cost of fault tolerance while nothing breaks, run against run of the same block. Null without pairs. */
export function overheadFigure(results: readonly RunResult[]): Figure | null {
  const pairs = overheadPairs(results);
  const rows = pairs.flatMap((pair) =>
    MEASURES.flatMap(({ name }): Row[] => {
      const { query, block, run, base } = pair;
      const ratio = pair[name];
      return ratio === null ? [] : [{ label: labelOf(pair), query, measure: name, block, run, base, ratio }];
    }),
  );
  if (rows.length === 0) return null;
  const blocks = new Set(rows.map(({ block }) => block)).size;
  const hasIntervals = levels(rows).some(({ low }) => low !== null);
  return {
    id: "fault-tolerance-overhead",
    title: "Overhead of fault tolerance",
    caption: `Every point is a run with checkpoints divided by the run without of the same block; ${integer(blocks)} ${blocks === 1 ? "block" : "blocks"}, nothing broken on purpose. Bar: their median${hasIntervals ? "; line: its 95 % interval from order statistics" : " (fewer than 6 pairs give no interval)"}. CPU of the system's own processes; the broker's, which transactions cost, too, is in the table of CPU. Below 1: cheaper with than without.`,
    spec: specOf(rows),
    csv: csv<Row>(
      [
        { name: "variant", value: (row) => row.label },
        { name: "query", value: (row) => row.query },
        { name: "measure", value: (row) => (row.measure === "cpu" ? "cpu_per_event" : "latency_p99") },
        { name: "block", value: (row) => row.block },
        { name: "run", value: (row) => row.run },
        { name: "run_without", value: (row) => row.base },
        { name: "ratio", value: (row) => rounded(row.ratio, 6) },
      ],
      rows,
    ),
  };
}

function labelOf({ query, variant }: OverheadPair): string {
  return [query, ...Object.values(variant).map(axisText)].join(" · ");
}

interface Level {
  readonly label: string;
  readonly measure: Measure;
  readonly median: number;
  readonly low: number | null;
  readonly high: number | null;
}

function levels(rows: readonly Row[]): readonly Level[] {
  return [...Map.groupBy(rows, ({ label, measure }) => `${measure} ${label}`).values()].map((own) => {
    const { label, measure } = own[0]!;
    const ratios = own.map(({ ratio }) => ratio);
    const interval = medianInterval(ratios);
    return { label, measure, median: spread(ratios).median!, low: interval?.low ?? null, high: interval?.high ?? null };
  });
}

/** Room that the labels take. */
const LABELS_WIDTH = 220;

function specOf(rows: readonly Row[]): TopLevelSpec {
  const labels = [...new Set(rows.map(({ label }) => label))];
  const queries = [...new Set(rows.map(({ query }) => query))];
  const shown = MEASURES.filter(({ name }) => rows.some(({ measure }) => measure === name));
  const plots = shown.map(({ name, title }, position) => {
    const own = rows.filter(({ measure }) => measure === name);
    const y = {
      field: "label",
      type: "nominal",
      scale: { domain: labels },
      axis: position === 0 ? { title: null, labelLimit: 260 } : null,
    };
    const x = (field: string) => ({
      field,
      type: "quantitative",
      scale: { zero: false, nice: true },
      axis: { title: null, tickCount: 6 },
    });
    const color = {
      field: "query",
      type: "nominal",
      scale: { domain: queries, range: queries.map(colourOf) },
      legend: null,
    };
    const level = levels(own);
    return {
      width: plotWidth(shown.length) - LABELS_WIDTH / shown.length,
      height: { step: 30 },
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        {
          data: { values: [{ one: 1 }] },
          mark: { type: "rule", color: FAINT, strokeWidth: 1.4 },
          encoding: { x: x("one") },
        },
        {
          data: { values: level.filter(({ low }) => low !== null) },
          mark: { type: "rule", color: INK, strokeWidth: 1.2 },
          encoding: { y, x: x("low"), x2: { field: "high" } },
        },
        {
          data: { values: own },
          mark: { type: "point", filled: true, size: 34, opacity: 0.65 },
          encoding: { y, x: x("ratio"), color },
        },
        {
          data: { values: level },
          mark: { type: "tick", color: INK, thickness: 2.4, size: 18 },
          encoding: { y, x: x("median") },
        },
      ],
    };
  });
  return { spacing: 30, hconcat: plots } as unknown as TopLevelSpec;
}
