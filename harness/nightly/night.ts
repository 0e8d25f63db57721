import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import type { Campaign } from "../analyze/compare/campaign.ts";
import type { Comparison } from "../analyze/compare/comparison.ts";
import { type ConfirmOptions, type Examined, examine } from "./confirm.ts";
import type { HistoryRow } from "./history-row.ts";
import { type ConfirmedRegression, failureIssue, regressionIssue } from "./issue-text.ts";
import { type JudgedNumber, judgeNight } from "./judge-night.ts";
import type { CommitRunner } from "./runner.ts";
import { tonightOf } from "./tonight.ts";

export interface NightOptions extends ConfirmOptions {
  readonly gates: readonly string[];
  /** A comparison for an issue. */
  readonly markdown: (comparison: Comparison) => string;
}

/** All that came of a night. */
export interface Night {
  readonly judged: readonly JudgedNumber[];
  readonly examined: readonly Examined[];
  /** What the history gets. */
  readonly rows: readonly HistoryRow[];
  /** Markdown, the title first; null: nothing to tell anybody. */
  readonly issue: string | null;
  readonly exitCode: ExitCode;
}

/** Commits that an issue lists. */
const MOST_COMMITS = 50;

/**
 * Judges the campaign of a night by its history and looks into every suspicion: the old and the new commit take turns, and only what is worse
 * then is a regression. Writes nothing; the rows are the caller's to append.
 */
export async function conductNight(
  campaign: Campaign,
  history: readonly HistoryRow[],
  runner: CommitRunner,
  options: NightOptions,
): Promise<Night> {
  const tonight = tonightOf(campaign, options.gates);
  const judged = judgeNight(history, tonight);
  const suspects = judged.flatMap(({ suspect, ...rest }) => (suspect === null ? [] : [{ ...rest, suspect }]));
  const examined = await examine(suspects, runner, options);
  const outcomes = new Map(examined.map((one) => [one.judged.row, one.outcome]));
  const rows = judged.map(({ row }) => ({ ...row, outcome: outcomes.get(row) ?? row.outcome }));
  const regressions = [];
  for (const one of examined) {
    const regression = one.outcome === "confirmed" ? await regressionOf(one, runner, options) : null;
    if (regression !== null) regressions.push(regression);
  }
  const issue =
    tonight.failed.length > 0
      ? failureIssue(tonight, tonight.failed)
      : regressions.length > 0
        ? regressionIssue(regressions)
        : null;
  return { judged, examined, rows, issue, exitCode: nightExit(rows, tonight.failed.length) };
}

/** 4: something is wrong; 6: a regression, of tonight or still there; 5: nobody can tell; else 0. */
function nightExit(rows: readonly HistoryRow[], failed: number): ExitCode {
  const has = (...outcomes: readonly HistoryRow["outcome"][]) =>
    rows.some(({ canary, outcome }) => !canary && outcomes.includes(outcome));
  if (failed > 0) return EXIT.runFailed;
  if (has("confirmed", "still")) return EXIT.threshold;
  return rows.length === 0 || has("no-data", "unclear") ? EXIT.runInvalid : EXIT.ok;
}

async function regressionOf(
  { judged, comparison }: Examined,
  runner: CommitRunner,
  { config, markdown, blocks }: NightOptions,
): Promise<ConfirmedRegression | null> {
  const { row, suspect } = judged;
  const proof = comparison?.rows.find(({ metric }) => metric.name === row.metric);
  const from = suspect.before.commit;
  if (comparison === null || proof === undefined || from === null) return null;
  // A drift began with its first night; later commits are not under suspicion, though the turns ran with tonight's.
  const to = suspect.first.commit ?? row.commit;
  const commits = to === null ? [] : await runner.commitsBetween(from, to, MOST_COMMITS);
  const command = `./bench compare --commits ${from} ${row.commit ?? "."} ${config} --cell ${row.cell} --blocks ${blocks} --gate ${row.metric}`;
  return { row, proof, from, to, commits, comparison: markdown(comparison), command };
}
