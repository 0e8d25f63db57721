import { CHANGE_POINTS, changePoints } from "../analyze/statistics/e-divisive.ts";
import type { HistoryRow } from "./history-row.ts";
import { seriesKey } from "./history-row.ts";

/** Fewer nights tell nothing. */
export const LEAST_NIGHTS = 5;
/** Fewer runs have no median to speak of. */
export const LEAST_RUNS = 3;
const WINDOW = CHANGE_POINTS.window;

/** A row with a number that may be compared. */
export type MeasuredRow = HistoryRow & { readonly median: number };

type Series = Parameters<typeof seriesKey>[0];

/**
 * The nights that a number is compared with, in the order of time. Nights on which the machine moved are none of them, nor are those of a
 * regression that was confirmed, unless it was accepted: a slow commit does not become the norm by waiting. Where the machine moved for good
 * (five nights in a row), the series begins anew with those.
 */
export function comparableNights(history: readonly HistoryRow[], series: Series): readonly MeasuredRow[] {
  const key = seriesKey(series);
  const own = history.filter((row) => seriesKey(row) === key && !row.outcome.startsWith("proof-"));
  const epoch = machineEpoch(history, series);
  const accepted = own.findLast(({ outcome }) => outcome === "accepted") ?? null;
  const regressions = own.filter(({ outcome, time }) => outcome === "confirmed" && time > (accepted?.time ?? ""));
  return own.filter((row): row is MeasuredRow => {
    if (row.outcome === "accepted" || row.median === null || row.n < LEAST_RUNS) return false;
    if (epoch !== null && row.time < epoch.from) return false;
    if (row.outcome === "machine-moved" && !(epoch !== null && row.time <= epoch.to)) return false;
    if (accepted !== null && row.time < accepted.time) return row.time >= (accepted.since ?? accepted.time);
    if (row.outcome === "still") return false;
    return !regressions.some(({ since, time }) => row.time >= (since ?? time) && row.time <= time);
  });
}

/**
 * Of the comparable nights those at the level of today: after the last change point that leaves enough of them, at most a window. Levels
 * change for the better, or for reasons that are not the code's; those that are were taken out before.
 */
export function baselineOf<Night extends { readonly median: number }>(nights: readonly Night[]): readonly Night[] {
  const recent = nights.slice(-WINDOW);
  const starts = changePoints(recent.map(({ median }) => median)).map(({ index }) => index);
  const start = starts.findLast((index) => recent.length - index >= LEAST_NIGHTS) ?? 0;
  return recent.slice(start);
}

/** The row of the regression that is not over yet; null: there is none. */
export function openRegression(history: readonly HistoryRow[], series: Series): HistoryRow | null {
  const key = seriesKey(series);
  const own = history.filter((row) => seriesKey(row) === key && !row.outcome.startsWith("proof-"));
  const judged = own.filter(({ outcome }) => !["machine-moved", "no-data", "not-judged"].includes(outcome));
  const last = judged.at(-1);
  if (last?.outcome !== "confirmed" && last?.outcome !== "still") return null;
  return judged.findLast(({ outcome }) => outcome === "confirmed") ?? null;
}

/** The latest stretch of nights, five or more, on each of which the canary was off: the machine is another one since. */
function machineEpoch(history: readonly HistoryRow[], { lane, config, machine }: Series) {
  const same = history.filter((row) => row.lane === lane && row.config === config && row.machine === machine);
  const nights = [...Map.groupBy(same, ({ time }) => time)]
    .filter(([, rows]) => rows.some(({ outcome }) => outcome !== "accepted" && !outcome.startsWith("proof-")))
    .map(([time, rows]) => ({ time, moved: rows.some(({ outcome }) => outcome === "machine-moved") }));
  let epoch: { readonly from: string; readonly to: string } | null = null;
  for (let start = 0; start < nights.length; ) {
    let end = start;
    while (end < nights.length && nights[end]!.moved) end++;
    if (end - start >= LEAST_NIGHTS) epoch = { from: nights[start]!.time, to: nights[end - 1]!.time };
    start = end + 1;
  }
  return epoch;
}
