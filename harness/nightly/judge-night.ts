import { METRICS } from "../analyze/compare/metrics.ts";
import { type ChangePoint, changePoints } from "../analyze/statistics/e-divisive.ts";
import {
  baselineOf,
  comparableNights,
  LEAST_NIGHTS,
  LEAST_RUNS,
  type MeasuredRow,
  openRegression,
} from "./baseline.ts";
import { type HistoryRow, seriesKey } from "./history-row.ts";
import type { NightNumber, Tonight } from "./tonight.ts";
import { tripwire } from "./tripwire.ts";

/** A number that may be worse because of the code: to be confirmed by letting both commits take turns. */
export interface Suspect {
  /** `step`: tonight is out of its bounds. `drift`: the level changed some nights ago, by less. */
  readonly kind: "step" | "drift";
  /** The first night of the new level, and the one before it. */
  readonly first: Pick<HistoryRow, "time" | "commit">;
  readonly before: MeasuredRow;
  readonly change: number;
}

export interface JudgedNumber {
  readonly number: NightNumber;
  /** What the history gets, unless a suspicion is confirmed or not. */
  readonly row: HistoryRow;
  /** Nights that it was compared with. */
  readonly nights: number;
  readonly suspect: Suspect | null;
}

/** Nights by which two findings of the same change point may differ. */
const NEAR = 3;
/** Times that a change is looked into which nobody could tell. */
const MOST_TRIES = 2;

/** What a night says, by its history alone. Pure: the same rows and numbers give the same verdicts. */
export function judgeNight(history: readonly HistoryRow[], tonight: Tonight): readonly JudgedNumber[] {
  const isMoved = tonight.numbers.some((number) => number.canary && isOff(history, tonight, number));
  return [...tonight.numbers, ...missing(history, tonight)].map((number) => {
    const judged = judgeNumber(history, tonight, number);
    const outcome =
      judged.row.outcome === "no-data"
        ? null
        : tonight.failed.length > 0
          ? "not-judged"
          : isMoved
            ? "machine-moved"
            : null;
    if (outcome === null) return judged;
    return { ...judged, row: { ...judged.row, outcome, since: null, against: null }, suspect: null };
  });
}

/** Has the canary moved, to either side? */
function isOff(history: readonly HistoryRow[], tonight: Tonight, number: NightNumber): boolean {
  const { row, nights } = judgeNumber(history, tonight, number);
  return nights >= LEAST_NIGHTS && row.change !== null && Math.abs(row.change) > row.bound!;
}

/** Numbers that the night before had, and tonight has not, though they were asked for. */
function missing(history: readonly HistoryRow[], tonight: Tonight): NightNumber[] {
  const { lane, config, machine, gates } = tonight;
  const same = history.filter((row) => row.lane === lane && row.config === config && row.machine === machine);
  const last = same.findLast(({ outcome }) => outcome !== "accepted" && !outcome.startsWith("proof-"))?.time;
  const had = (row: HistoryRow) => tonight.numbers.some((n) => n.cell === row.cell && n.metric.name === row.metric);
  return same
    .filter((row) => row.time === last && row.outcome !== "accepted" && !row.outcome.startsWith("proof-") && !had(row))
    .flatMap(({ cell, canary, metric: name }) => {
      const metric = METRICS.find((one) => one.name === name && gates.includes(name));
      return metric === undefined ? [] : [{ cell, canary, metric, n: 0, median: null, low: null, high: null }];
    });
}

function judgeNumber(history: readonly HistoryRow[], tonight: Tonight, number: NightNumber): JudgedNumber {
  const { time, lane, config, machine, commit, dirty } = tonight;
  const { cell, canary, metric, n, median, low, high } = number;
  const series = { lane, cell, metric: metric.name, unit: metric.unit, config, machine };
  const nights = comparableNights(history, series);
  const base = baselineOf(nights);
  const row: HistoryRow = {
    ...{ time, canary, commit, dirty, n, median, low, high, ...series },
    ...{ change: null, bound: null, outcome: "quiet", since: null, against: null },
    ...{ falseAlarmShare: null, delayNights: null },
  };
  const judged = { number, nights: base.length, suspect: null };
  if (median === null || median <= 0 || n < LEAST_RUNS) return { ...judged, row: { ...row, outcome: "no-data" } };
  if (base.length < LEAST_NIGHTS) return { ...judged, row: { ...row, outcome: "too-short" } };

  const { change, bound, side } = tripwire(
    base.map((night) => night.median),
    median,
    metric.better,
  );
  const told = { ...row, change, bound };
  // A canary is no suspect: it says whether there are any.
  if (canary) return { ...judged, row: told };
  const open = openRegression(history, series);
  if (open !== null && isStill(open, change, metric.better)) {
    return { ...judged, row: { ...told, outcome: "still", since: open.since, against: open.against } };
  }
  const suspect =
    side === "worse"
      ? stepOf(base, { ...told, median }, bound, metric.better)
      : driftOf(history, nights, { ...told, median });
  if (suspect === null) return { ...judged, row: { ...told, outcome: side === "better" ? "better" : "quiet" } };
  const isSameCode =
    suspect.before.commit !== null && suspect.before.commit === commit && !suspect.before.dirty && !dirty;
  return {
    ...judged,
    row: {
      ...told,
      change: suspect.change,
      outcome: isSameCode ? "same-code" : "unclear",
      since: suspect.first.time,
      against: suspect.before.commit,
    },
    suspect: isSameCode ? null : suspect,
  };
}

/** More than half of what was confirmed is still there. */
function isStill(open: HistoryRow, change: number, better: "lower" | "higher"): boolean {
  return worsening(change, better) > worsening(open.change ?? 0, better) / 2;
}

function worsening(change: number, better: "lower" | "higher"): number {
  return better === "lower" ? change : -change;
}

/** Tonight against the latest night that was as it should be. */
function stepOf(base: readonly MeasuredRow[], row: MeasuredRow, bound: number, better: "lower" | "higher"): Suspect {
  const usual = row.median / (1 + row.change!);
  const before = base.findLast((night) => worsening(night.median / usual - 1, better) <= bound) ?? base.at(-1)!;
  return { kind: "step", first: row, before, change: row.change! };
}

/** The latest change point for the worse that was not looked into before. */
function driftOf(history: readonly HistoryRow[], nights: readonly MeasuredRow[], tonight: MeasuredRow): Suspect | null {
  const all = [...nights, tonight];
  const { better } = METRICS.find(({ name }) => name === tonight.metric)!;
  const points = changePoints(all.map(({ median }) => median));
  const point = points.findLast(({ change }) => worsening(change, better) > 0);
  // A later one for the better has made good for it.
  if (point === undefined || point !== points.at(-1) || isKnown(history, all, point)) return null;
  return { kind: "drift", first: all[point.index]!, before: all[point.index - 1]!, change: point.change };
}

function isKnown(history: readonly HistoryRow[], all: readonly MeasuredRow[], { index }: ChangePoint): boolean {
  const key = seriesKey(all[index]!);
  const near = all.slice(Math.max(0, index - NEAR), index + NEAR + 1).map(({ time }) => time);
  const found = history.filter((row) => seriesKey(row) === key && row.since !== null && near.includes(row.since));
  const isSettled = ({ outcome }: HistoryRow) =>
    ["not-confirmed", "confirmed", "same-code", "accepted"].includes(outcome);
  return found.some(isSettled) || found.length >= MOST_TRIES;
}
