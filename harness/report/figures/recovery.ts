import type { TopLevelSpec } from "vega-lite";
import type { View } from "../../analyze/guarantee.ts";
import type { RunResult } from "../../sweep/model.ts";
import { csv, rounded } from "../csv.ts";
import { integer, length } from "../format.ts";
import { FAINT, INK, PHASES as PHASE_COLOURS } from "../palette.ts";
import { faultLabel } from "../recovery-label.ts";
import { type RecoveryRow, recoveryGroups, stepsOf } from "../recovery-rows.ts";
import type { Figure } from "./figure.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";

const PHASES = ["noticed", "next attempt deployed", "query runs again", "first new output", "caught up"] as const;
type Phase = (typeof PHASES)[number];

interface Bar {
  readonly label: string;
  readonly view: View;
  readonly run: string;
  readonly fault: number;
  /** Place among the bars of its label. */
  readonly nth: number;
  readonly phase: Phase;
  readonly fromS: number;
  readonly toS: number;
  /** It was not over at `toS`, when observation ended. */
  readonly censored: boolean;
}

/** Figure 9 of `measurement.md`: every fault as a bar of stacked phases, by kind, query and system. Null without any whose effect is known. */
export function recoveryFigure(results: readonly RunResult[]): Figure | null {
  const groups = recoveryGroups(results);
  const bars = groups.flatMap(({ rows, isDoubtful }) => {
    const label = `${faultLabel(rows[0], results)}${isDoubtful ? " (no valid run)" : ""}`;
    return rows.flatMap((row, nth) => barsOf(row, label, nth));
  });
  if (bars.length === 0) return null;
  const faults = new Set(bars.map(({ run, fault }) => `${run} ${fault}`)).size;
  const open = bars.filter(({ censored }) => censored).length;
  const views = (["uncommitted", "committed"] as const).filter((view) => bars.some((bar) => bar.view === view));
  return {
    id: "recovery",
    title: "Recovery by fault",
    caption: `Every fault of every run is a bar, n = ${integer(faults)}; nothing is averaged. 0 is when the fault was observed; each colour ends at the step it is named after; the next attempt is deployed once the tasks of the last one have ended and the restart delay is over. What the system noticed before the harness did takes no room. Where the query went on running there is only the way to the first new output and to having caught up: no more overdue than before, for a second.${open > 0 ? ` “>”: not over when the load ended or another fault struck, ${integer(open)} of them.` : ""}${views.length === 2 ? " Readers of committed data wait for the checkpoint besides." : ""}`,
    spec: specOf(bars, views),
    csv: csv<Bar>(
      [
        { name: "label", value: ({ label }) => label },
        { name: "view", value: ({ view }) => `read_${view}` },
        { name: "run", value: ({ run }) => run },
        { name: "fault", value: ({ fault }) => fault },
        { name: "phase", value: ({ phase }) => phase },
        { name: "from_s", value: ({ fromS }) => rounded(fromS, 6) },
        { name: "to_s", value: ({ toS }) => rounded(toS, 6) },
        { name: "censored", value: ({ censored }) => Number(censored) },
      ],
      bars,
    ),
  };
}

/** The phases of one fault, one after the other; those of which nothing is known belong to the next. */
function barsOf(row: RecoveryRow, label: string, nth: number): readonly Bar[] {
  const { effect, fault, view, result } = row;
  if (effect === null) return [];
  const { detectedMs, deployingMs, runningMs } = stepsOf(fault);
  const reached = (ms: number | null) => (ms === null ? null : { ms, censored: false });
  const ends = [reached(detectedMs), reached(deployingMs), reached(runningMs), effect.firstOutput, effect.catchUp];
  let fromMs = 0;
  return PHASES.flatMap((phase, i): Bar[] => {
    const end = ends[i] ?? null;
    // What was not over when the load ended stays, also where a step before it came later than that.
    if (end === null || (end.ms <= fromMs && !end.censored)) return [];
    const bar = { label, view, run: result.run.id, fault: fault.index + 1, nth, phase };
    const from = fromMs;
    fromMs = Math.max(fromMs, end.ms);
    return [{ ...bar, fromS: from / 1000, toS: fromMs / 1000, censored: end.censored }];
  });
}

/** Places of the bars from top to bottom, pixels: those of one label together. */
function placesOf(bars: readonly Bar[]) {
  const labels = [...new Set(bars.map(({ label }) => label))];
  const most = labels.map((label) => Math.max(...bars.filter((bar) => bar.label === label).map(({ nth }) => nth)) + 1);
  const height = (count: number) => Math.min(13, Math.max(2.5, 120 / count));
  const tops = new Map<string, { readonly top: number; readonly bar: number }>();
  const centres: number[] = [];
  let top = GROUP_GAP / 2;
  for (const [i, label] of labels.entries()) {
    const bar = height(most[i]!);
    tops.set(label, { top, bar });
    const room = Math.max(13, bar * most[i]!);
    centres.push(top + (bar * most[i]!) / 2);
    top += room + GROUP_GAP;
  }
  const placed = (bar: Bar) => {
    const place = tops.get(bar.label)!;
    const y = place.top + place.bar * bar.nth;
    return { ...bar, y, y2: y + place.bar * 0.86, middle: y + place.bar * 0.43, size: Math.min(10, place.bar + 1) };
  };
  return { labels, centres, total: top - GROUP_GAP / 2, placed };
}

const GROUP_GAP = 11;

function specOf(bars: readonly Bar[], views: readonly View[]): TopLevelSpec {
  const { labels, centres, total, placed } = placesOf(bars);
  const plots = views.map((view, position) => {
    const own = bars.filter((bar) => bar.view === view).map(placed);
    const names = `${JSON.stringify(labels)}[indexof(${JSON.stringify(centres)}, datum.value)]`;
    const y = (field: string) => ({
      field,
      type: "quantitative",
      scale: { domain: [0, total], reverse: true, nice: false, zero: false },
      axis:
        position === 0
          ? { title: null, values: centres, labelExpr: names, labelLimit: 360, labelOverlap: false, ...BARE }
          : null,
    });
    const x = (field: string) => ({
      field,
      type: "quantitative",
      scale: { nice: true, domainMin: 0 },
      axis: { title: null, tickCount: 6 },
    });
    const ends = lastOf(own).map((bar) => ({ ...bar, text: `${bar.censored ? "> " : ""}${length(bar.toS * 1000)}` }));
    return {
      width: plotWidth(views.length) - LABELS_WIDTH / views.length,
      height: total,
      ...(views.length === 1
        ? {}
        : {
            title: { text: `read_${view}`, anchor: "start", frame: "group", fontSize: 12, fontWeight: 500, color: INK },
          }),
      layer: [
        {
          data: { values: own },
          mark: { type: "rect" },
          encoding: { y: y("y"), y2: { field: "y2" }, x: x("fromS"), x2: { field: "toS" }, color: colour() },
        },
        {
          data: { values: ends },
          mark: { type: "text", align: "left", baseline: "middle", dx: 4, color: INK },
          encoding: {
            y: y("middle"),
            x: x("toS"),
            text: { field: "text", type: "nominal" },
            size: { field: "size", type: "quantitative", scale: null },
          },
        },
        {
          data: { values: [{ at: 0 }] },
          mark: { type: "rule", color: FAINT },
          encoding: { x: { field: "at", type: "quantitative" } },
        },
      ],
    };
  });
  return {
    title: axisTitleBelow("seconds since the fault was observed"),
    spacing: 56,
    hconcat: plots,
    resolve: { scale: { x: "independent", y: "independent", color: "shared" } },
  } as unknown as TopLevelSpec;
}

const BARE = { ticks: false, domain: false, grid: false };

/** Room that the labels of the bars take. */
const LABELS_WIDTH = 240;

function colour() {
  return {
    field: "phase",
    type: "nominal",
    scale: { domain: [...PHASES], range: [...PHASE_COLOURS] },
    legend: { title: null, orient: "top", columns: 5, symbolType: "square", labelLimit: 300 },
  };
}

/** The last bar of every fault. */
function lastOf<B extends Bar>(bars: readonly B[]): readonly B[] {
  const last = new Map(bars.map((bar) => [`${bar.label} ${bar.run} ${bar.fault}`, bar]));
  return [...last.values()];
}
