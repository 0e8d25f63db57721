import type { Campaign } from "../analyze/compare/campaign.ts";
import type { Comparison, Row } from "../analyze/compare/comparison.ts";
import { ALL_CELLS } from "../analyze/compare/series.ts";
import { comparableNights } from "./baseline.ts";
import { nightsUntilAlarm } from "./detection-delay.ts";
import { type HistoryRow, seriesKey } from "./history-row.ts";
import { compareTurns, inBlock, turnsOf } from "./interleave.ts";
import { slowedCampaign } from "./planted-slowdown.ts";
import { nightConfig, type Tonight, tonightOf } from "./tonight.ts";

/** The slow-down that the alarm must find. */
export const PLANTED = 1.15;

export interface ProofOptions {
  readonly blocks: number;
  readonly seed: number;
  readonly gates: readonly string[];
  /** Hash of the lane's config: a turn runs it with one repetition, which has another. */
  readonly configHash: string;
  /** One block of one side: the same checkout on both. */
  readonly run: (side: "old" | "new", block: number) => Promise<Campaign>;
  readonly isOver: () => boolean;
  readonly history: readonly HistoryRow[];
}

export interface Proof {
  readonly blocks: number;
  /** Verdicts of equal sides, and of the same with `PLANTED` on one of them, gate by gate. */
  readonly same: readonly Row[];
  readonly slow: readonly Row[];
  /** Of the nights that could be judged, those on which something was suspected and nothing confirmed; null: none was judged. */
  readonly falseAlarmShare: number | null;
  /** Nights until a slow-down of `PLANTED` is suspected, replayed on the history, by series; null: not within a window of it. */
  readonly delays: readonly { readonly cell: string; readonly metric: string; readonly nights: number | null }[];
  readonly rows: readonly HistoryRow[];
  /** Quiet on equal sides, and loud on a slow one. */
  readonly isProven: boolean;
}

/**
 * The weekly proof of the alarm: the same checkout takes turns with itself and must be `quiet`; then all of one side is made 15 % slower on
 * paper, and at least one gate must say so. What the history says of false alarms and of the delay of detection goes with it.
 */
export async function proveAlarm(options: ProofOptions): Promise<Proof | null> {
  const { blocks, seed, gates, configHash, run, isOver, history } = options;
  const done: { readonly old: Campaign[]; readonly new: Campaign[] } = { old: [], new: [] };
  for (const turns of turnsOf(blocks, seed)) {
    if (done.old.length > 0 && isOver()) break;
    for (const { side, block } of turns) done[side].push(inBlock(await run(side, block), block));
  }
  const compared = (young: readonly Campaign[]) =>
    compareTurns(done.old, young, { gates, paired: true, seed, resamples: 2_000, level: 0.05 });
  const same = compared(done.new);
  const slow = compared(done.new.map((campaign) => slowedCampaign(campaign, PLANTED)));
  if (same === null || slow === null) return null;
  const [sameRows, slowRows] = [gatesOf(same), gatesOf(slow)];
  const night = { ...tonightOf(done.new[0]!, gates), config: nightConfig(configHash) };
  const delays = delaysOf(history, night);
  const falseAlarmShare = falseAlarms(history);
  const isQuiet = sameRows.length > 0 && sameRows.every(({ verdict }) => verdict !== "worse");
  const verdicts = { same: sameRows, slow: slowRows, delays, falseAlarmShare };
  return {
    blocks: done.old.length,
    ...verdicts,
    rows: proofRows(night, verdicts),
    isProven: isQuiet && slowRows.some(({ verdict }) => verdict === "worse"),
  };
}

function gatesOf({ rows }: Comparison): readonly Row[] {
  return rows.filter(({ gate, cell }) => gate && cell !== ALL_CELLS);
}

const WITHOUT_ALARM: readonly HistoryRow["outcome"][] = ["quiet", "better"];
const SUSPECTED: readonly HistoryRow["outcome"][] = ["not-confirmed", "unclear", "same-code"];

function falseAlarms(history: readonly HistoryRow[]): number | null {
  const judged = history.filter(({ canary, outcome }) => !canary && [...WITHOUT_ALARM, ...SUSPECTED].includes(outcome));
  const nights = [...Map.groupBy(judged, ({ lane, time }) => `${lane} ${time}`).values()];
  const alarms = nights.filter((rows) => rows.some(({ outcome }) => SUSPECTED.includes(outcome)));
  return nights.length === 0 ? null : alarms.length / nights.length;
}

function delaysOf(history: readonly HistoryRow[], { lane, config, machine }: Tonight): Proof["delays"] {
  const own = history.filter((row) => row.lane === lane && row.config === config && row.machine === machine);
  const series = Map.groupBy(
    own.filter(({ canary }) => !canary),
    seriesKey,
  );
  return [...series.values()].flatMap(([row]) => {
    const values = comparableNights(history, row!).map(({ median }) => median);
    const nights = nightsUntilAlarm(values, PLANTED, row!.unit === "perSecond" ? "higher" : "lower");
    return nights === "too-short" ? [] : [{ cell: row!.cell, metric: row!.metric, nights }];
  });
}

function proofRows(
  night: Tonight,
  { same, slow, delays, falseAlarmShare }: Pick<Proof, "same" | "slow" | "delays" | "falseAlarmShare">,
): readonly HistoryRow[] {
  const { time, lane, config, machine, commit, dirty } = night;
  // A series in which it was missed is slower than any number.
  const known = delays.every(({ nights }) => nights !== null) ? delays.flatMap(({ nights }) => nights ?? []) : [];
  const rowOf = ({ cell, metric, finding, minimumDetectable }: Row, outcome: HistoryRow["outcome"]): HistoryRow => ({
    ...{
      time,
      lane,
      config,
      machine,
      commit,
      dirty,
      cell,
      canary: false,
      metric: metric.name,
      unit: metric.unit,
      outcome,
    },
    ...{ n: finding.bCount, median: finding.bMedian, low: null, high: null, since: null, against: commit },
    ...{ change: finding.change, bound: minimumDetectable },
    ...{ falseAlarmShare, delayNights: known.length === 0 ? null : Math.max(...known) },
  });
  return [
    ...same.map((row) => rowOf(row, row.verdict === "worse" ? "proof-false-alarm" : "proof-quiet")),
    ...slow.map((row) => rowOf(row, row.verdict === "worse" ? "proof-fired" : "proof-missed")),
  ];
}
