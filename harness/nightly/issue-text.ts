import type { Row } from "../analyze/compare/comparison.ts";
import type { RunResult } from "../sweep/model.ts";
import { rangeText, shortCommit } from "./commit-range.ts";
import type { HistoryRow } from "./history-row.ts";

/** A regression that old and new commit in turns have shown. */
export interface ConfirmedRegression {
  readonly row: HistoryRow;
  /** Of the comparison in turns. */
  readonly proof: Row;
  /** The last good commit, and the first that may be bad. */
  readonly from: string;
  readonly to: string | null;
  /** What lies between them, latest first. */
  readonly commits: readonly string[];
  /** The whole comparison as Markdown. */
  readonly comparison: string;
  /** How to see it again. */
  readonly command: string;
}

const percent = (share: number) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)} %`;

/** The text of an issue, Markdown; its first line is the title. */
export function regressionIssue(regressions: readonly ConfirmedRegression[]): string {
  const names = regressions.map(
    ({ row, proof }) => `${row.metric} of ${row.cell} ${percent(proof.finding.change ?? 0)}`,
  );
  const [first] = regressions;
  const title = `# ${first!.row.lane}: ${names.join(", ")} (${rangeText(first!.from, first!.to)})`;
  const [{ row }] = regressions as [ConfirmedRegression];
  return [
    title,
    `On the night of ${row.time} on ${row.machine}. Old and new commit took turns on that machine, in random blocks, and the change was still there.`,
    ...regressions.map(section),
  ].join("\n\n");
}

function section({ row, proof, from, to, commits, comparison, command }: ConfirmedRegression): string {
  const { change, low, high, aCount } = proof.finding;
  const interval = low === null || high === null ? "" : `, 95 % interval ${percent(low)} to ${percent(high)}`;
  return [
    `## ${escaped(`${row.metric} of ${row.cell}`)}`,
    [
      `- size: **${change === null ? "?" : percent(change)}**${interval}, ${aCount} blocks`,
      `- the nights: ${row.change === null ? "?" : percent(row.change)}, since ${row.since ?? row.time}`,
      `- commits: \`${rangeText(from, to)}\``,
      ...commits.map((line) => `  - ${escaped(line)}`),
      `- again: \`${command}\``,
    ].join("\n"),
    comparison.trimEnd(),
    "",
  ].join("\n\n");
}

/** Wrong outputs and runs that broke. */
export function failureIssue(
  tonight: Pick<HistoryRow, "time" | "lane" | "commit" | "machine">,
  failed: readonly RunResult[],
): string {
  const { lane, time, commit, machine } = tonight;
  const codes = [...new Set(failed.flatMap(({ reasons }) => reasons.map(({ code }) => code)))];
  const lines = failed.map(
    ({ run, reasons }) => `- ${escaped(`${run.id}: ${reasons.map(({ message }) => message).join("; ")}`)}`,
  );
  return [
    `# ${lane}: ${failed.length} ${failed.length === 1 ? "run" : "runs"} failed: ${codes.join(", ")} (${shortCommit(commit)})`,
    `On the night of ${time} on ${machine}, commit ${commit ?? "unknown"}. What is wrong is told at once; numbers were not judged.`,
    `${lines.join("\n")}\n`,
  ].join("\n\n");
}

/** Names and subjects of commits are not ours: they shall not become markup, mentions or links. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_<>[\]|#]/g, "\\$&")
    .replace(/@/g, "@\u200b");
}
