import type { TopLevelSpec } from "vega-lite";
import type { View } from "../../analyze/guarantee.ts";
import type { RunResult } from "../../sweep/model.ts";
import { csv, rounded } from "../csv.ts";
import { integer, length } from "../format.ts";
import { FAINT, INK, PHASES as PHASE_COLOURS } from "../palette.ts";
import { faultLabel } from "../recovery-label.ts";
import { type RecoveryRow, recoveryGroups, stepsOf } from "../recovery-rows.ts";
import { axisTitleBelow, type Figure, plotWidth } from "./render.ts";

const PHASES = [
  "noticed",
  "tasks ended, next attempt deployed",
  "query runs again",
  "first new output",
  "caught up",
] as const;
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
    caption: `Every fault of every run is a bar, n = ${integer(faults)}; nothing is averaged. 0 is when the fault was observed; each colour ends at the step it is named after. What the system noticed before the harness did takes no room. Where the query went on running there is only the way to the first new output and to having caught up: no more overdue than before, for a second.${open > 0 ? ` “>”: not over when the load ended, ${integer(open)} of them.` : ""}${views.length === 2 ? " Readers of committed data wait for the checkpoint besides." : ""}`,
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
    if (end === null || end.ms < fromMs || (end.ms === 0 && i < PHASES.length - 1)) return [];
    const bar = { label, view, run: result.run.id, fault: fault.index + 1, nth, phase };
    const from = fromMs;
    fromMs = end.ms;
    return [{ ...bar, fromS: from / 1000, toS: end.ms / 1000, censored: end.censored }];
  });
}

function specOf(bars: readonly Bar[], views: readonly View[]): TopLevelSpec {
  const labels = [...new Set(bars.map(({ label }) => label))];
  const most = Math.max(...bars.map(({ nth }) => nth)) + 1;
  const step = Math.max(3, Math.round(18 / most));
  const plots = views.map((view, position) => {
    const own = bars.filter((bar) => bar.view === view);
    const y = {
      field: "label",
      type: "nominal",
      scale: { domain: labels, paddingInner: 0.35 },
      axis: position === 0 ? { title: null, labelLimit: 320, ticks: false, domain: false } : null,
    };
    const yOffset = { field: "nth", type: "ordinal", scale: { domain: Array.from({ length: most }, (_, i) => i) } };
    const x = {
      field: "fromS",
      type: "quantitative",
      scale: { nice: true, domainMin: 0 },
      axis: { title: null, tickCount: 6 },
    };
    const ends = lastOf(own).map((bar) => ({ ...bar, text: `${bar.censored ? "> " : ""}${length(bar.toS * 1000)}` }));
    return {
      width: plotWidth(views.length) - (position === 0 ? LABELS_WIDTH : 0) / views.length,
      height: { step },
      ...(views.length === 1
        ? {}
        : { title: { text: `read_${view}`, anchor: "start", fontSize: 12, fontWeight: 500, color: INK } }),
      layer: [
        {
          data: { values: own },
          mark: { type: "bar", height: { band: most === 1 ? 0.8 : 0.85 } },
          encoding: { y, yOffset, x, x2: { field: "toS" }, color: colour() },
        },
        {
          data: { values: ends },
          mark: { type: "text", align: "left", dx: 4, fontSize: Math.min(10.5, step + 1), color: INK },
          encoding: { y, yOffset, x: { ...x, field: "toS" }, text: { field: "text", type: "nominal" } },
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
    spacing: 40,
    hconcat: plots,
    resolve: { scale: { x: "independent", y: "independent", color: "shared" } },
  } as unknown as TopLevelSpec;
}

/** Room that the labels of the bars take. */
const LABELS_WIDTH = 260;

function colour() {
  return {
    field: "phase",
    type: "nominal",
    scale: { domain: [...PHASES], range: [...PHASE_COLOURS] },
    legend: { title: null, orient: "top", columns: 3, symbolType: "square" },
  };
}

/** The last bar of every fault. */
function lastOf(bars: readonly Bar[]): readonly Bar[] {
  const last = new Map(bars.map((bar) => [`${bar.label} ${bar.run} ${bar.fault}`, bar]));
  return [...last.values()];
}
