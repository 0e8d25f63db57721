import type { Metric } from "../analyze/compare/metrics.ts";

/** What became of one number of one night. */
export const OUTCOMES = [
  /** Within its bounds. */
  "quiet",
  /** Out of its bounds, for the better. */
  "better",
  /** Fewer nights before it than a judgement takes. */
  "too-short",
  /** Not enough valid runs, so that there is no number to trust. */
  "no-data",
  /** The canary moved: what happened to the machine is not held against the code. */
  "machine-moved",
  /** Outputs were wrong tonight, and that is told at once; numbers were not judged. */
  "not-judged",
  /** Suspect, but the code is that of the night it is compared with. */
  "same-code",
  /** Suspect; old and new commit in turns did not show it. */
  "not-confirmed",
  /** Suspect; old and new commit in turns could not tell, or did not come to an end. */
  "unclear",
  /** Suspect; the new commit is worse than the old one, in turns on one machine. */
  "confirmed",
  /** Confirmed on an earlier night, and still there. */
  "still",
  /** Somebody said that the new level is meant: what was confirmed before is the norm from here on. */
  "accepted",
  /** Of the proof of the alarm: two sides of the same commit, and a planted slow-down. */
  "proof-quiet",
  "proof-false-alarm",
  "proof-fired",
  "proof-missed",
] as const;
export type HistoryOutcome = (typeof OUTCOMES)[number];

/** One line of a history: a number of one metric and cell on one night. */
export interface HistoryRow {
  /** When the night began, ISO 8601. */
  readonly time: string;
  /** Name of the campaign. */
  readonly lane: string;
  readonly cell: string;
  readonly canary: boolean;
  readonly metric: string;
  readonly unit: Metric["unit"];
  /** null: nobody knows, as outside of a checkout. */
  readonly commit: string | null;
  /** The checkout had changes that are in no commit. */
  readonly dirty: boolean;
  /** Hash of the config: what was measured otherwise is another series. */
  readonly config: string;
  readonly machine: string;
  /** Valid runs. */
  readonly n: number;
  /** In `unit`; null: no valid run. */
  readonly median: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Tonight over the median of the nights it was compared with, − 1. */
  readonly change: number | null;
  /** The change that would have been too much, a share. */
  readonly bound: number | null;
  readonly outcome: HistoryOutcome;
  /** Of a suspect: the first night of the new level. */
  readonly since: string | null;
  /** Of a suspect: the commit that it was compared with. */
  readonly against: string | null;
  /** Of a proof: share of the judged nights before it with a suspicion that was not confirmed. */
  readonly falseAlarmShare: number | null;
  /** Of a proof: nights until a slow-down of 15 % is suspected, replayed on the history; the slowest series. */
  readonly delayNights: number | null;
}

/** What rows must have in common to be one series. */
export function seriesKey(row: Pick<HistoryRow, "lane" | "cell" | "metric" | "unit" | "config" | "machine">): string {
  return JSON.stringify([row.lane, row.cell, row.metric, row.unit, row.config, row.machine]);
}
