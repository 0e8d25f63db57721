import { type CellSummary, summarizeCells } from "../analyze/cell-summary.ts";
import { axisText, length, PERCENTILE_LABEL, rate } from "../report/format.ts";
import { lateness } from "../report/html/lateness.ts";
import type { RunResult } from "../sweep/model.ts";

/** More are told in the report. */
const MOST_LINES = 3;

/** A campaign in a few lines: how late each query's outputs were at its highest rate, and how long a fault silenced it. */
export function headlines(all: readonly RunResult[]): readonly string[] {
  // Runs that only show what something else costs are no answer, unless there is nothing else.
  const judged = all.filter(({ costBaseline }) => costBaseline !== true);
  const results = (judged.length > 0 ? judged : all).filter(({ state }) => state === "valid");
  const groups = Map.groupBy(summarizeCells(results), ({ query, cell }) => {
    const { variant } = cell.axes;
    return variant === undefined ? query : `${query}, ${axisText(variant)}`;
  });
  const lines = [...groups].map(([name, cells]) => {
    // Cells come by rate: the last one is the fastest.
    const fastest = cells.at(-1)!;
    const same = cells.filter(({ offeredPerSecond }) => offeredPerSecond === fastest.offeredPerSecond);
    const ids = new Set(same.map(({ cell }) => cell.id));
    return `${name} at ${rate(fastest.offeredPerSecond)}: ${
      silence(results.filter(({ run }) => ids.has(run.cell.id))) ?? latency(fastest)
    }`;
  });
  const rest = lines.length - MOST_LINES;
  return rest <= 1 ? lines : [...lines.slice(0, MOST_LINES), `and ${rest} more`];
}

function latency({ latency: of }: CellSummary): string {
  const tail =
    of.p99.median === null ? (["max", of.max.median] as const) : ([PERCENTILE_LABEL.p99, of.p99.median] as const);
  return `p50 ${lateness(of.p50.median)}, ${tail[0]} ${lateness(tail[1])}`;
}

/** The longest time without output around any fault; null without faults whose effect is known. */
function silence(results: readonly RunResult[]): string | null {
  const gaps = results.flatMap(({ faults = [] }) =>
    faults.flatMap(({ kind, target, effect }) => (effect?.gap == null ? [] : [{ kind, target, ...effect.gap }])),
  );
  if (gaps.length === 0) return null;
  const worst = gaps.reduce((most, gap) => (gap.ms > most.ms ? gap : most));
  return `no output for ${worst.censored ? "more than " : ""}${length(worst.ms)} (${worst.kind} ${worst.target})`;
}
