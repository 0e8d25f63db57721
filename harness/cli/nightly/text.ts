import { rangeText } from "../../nightly/commit-range.ts";
import type { Examined } from "../../nightly/confirm.ts";
import type { HistoryRow } from "../../nightly/history-row.ts";
import type { Night } from "../../nightly/night.ts";
import type { Proof } from "../../nightly/proof.ts";
import { percent, quantity } from "../comparison/words.ts";
import type { Style } from "../progress/style.ts";
import { renderTable } from "../progress/table.ts";

const HEADING = ["cell", "metric", "n", "tonight", "nights", "change", "bound", "verdict"];

/** A night for a terminal: a line a number, then what was looked into, then what it comes to. */
export function nightText(night: Night, style: Style): string {
  const lines = night.judged.map(({ number, nights }, i) => {
    const row = night.rows[i]!;
    return [
      row.canary ? `${row.cell} (canary)` : row.cell,
      row.metric,
      String(row.n),
      quantity(number.metric, row.median),
      String(nights),
      row.change === null ? "–" : signed(row.change),
      row.bound === null ? "–" : percent(row.bound),
      style[tone(row)](words(row, nights)),
    ];
  });
  const looked = night.examined.map((one) => `${examinedWords(one)}\n`).join("");
  return `${renderTable([HEADING, ...lines], new Set([0, 1, 7]))}\n${looked}${endText(night, style)}\n`;
}

function words({ outcome, since }: HistoryRow, nights: number): string {
  switch (outcome) {
    case "too-short":
      return `too short to judge (${nights} of 5 nights)`;
    case "no-data":
      return "no data";
    case "machine-moved":
      return "machine moved";
    case "not-judged":
      return "not judged: runs failed";
    case "same-code":
      return "out of bounds, but the code is the same";
    case "not-confirmed":
      return "out of bounds, not confirmed";
    case "unclear":
      return "out of bounds, cannot tell";
    case "confirmed":
      return "regression, confirmed";
    case "still":
      return `regression, still there (since ${since?.slice(0, 10)})`;
    default:
      return outcome;
  }
}

function tone({ outcome }: HistoryRow): "good" | "warn" | "bad" | "dim" {
  if (outcome === "quiet" || outcome === "better") return "good";
  if (outcome === "confirmed" || outcome === "still") return "bad";
  return outcome === "too-short" ? "dim" : "warn";
}

function examinedWords({ judged: { row, suspect }, outcome, why }: Examined): string {
  const how = suspect.kind === "step" ? "tonight" : `since ${suspect.first.time.slice(0, 10)}`;
  const range = rangeText(suspect.before.commit, suspect.first.commit);
  return `${row.metric} of ${row.cell}: ${signed(suspect.change)} ${how}, ${range}: ${outcome} (${why})`;
}

function endText({ rows, exitCode }: Night, style: Style): string {
  if (exitCode === 4) return style.bad("runs failed: what is wrong is told at once");
  if (exitCode === 6) return style.bad("regression");
  if (rows.some(({ outcome }) => outcome === "machine-moved")) {
    return style.warn(
      "machine moved: the canary, which runs none of the code under test, is out of its bounds; no alarm",
    );
  }
  if (exitCode === 5) return style.warn("cannot tell");
  const isShort = rows.every(({ outcome }) => outcome === "too-short");
  return isShort ? style.dim("too short a history to judge") : style.good("no regression");
}

/** What the proof of the alarm found. */
export function proofText(proof: Proof, style: Style): string {
  const lines = proof.same.map((row, i) => {
    const slow = proof.slow[i]!;
    return [
      row.cell || "the cell",
      row.metric.name,
      row.finding.change === null ? "–" : signed(row.finding.change),
      row.verdict === "worse" ? style.bad("false alarm") : style.good("quiet"),
      slow.finding.change === null ? "–" : signed(slow.finding.change),
      slow.verdict === "worse" ? style.good("found") : style.warn("missed"),
      row.minimumDetectable === null ? "n too small" : percent(row.minimumDetectable),
    ];
  });
  const heading = ["cell", "metric", "same", "", "with +15 %", "", "MDC"];
  const delays = proof.delays.map(
    ({ cell, metric, nights }) =>
      `${metric} of ${cell}: +15 % would have been suspected ${nights === null ? "on none of the nights that were replayed" : `on night ${nights}`}\n`,
  );
  const share = proof.falseAlarmShare;
  const alarms = share === null ? "" : `nights with a suspicion that was not confirmed: ${percent(share)}\n`;
  const end = proof.isProven
    ? style.good(`the alarm works: quiet on equal sides, and +15 % is found (${proof.blocks} blocks)`)
    : style.bad(`the alarm is not to be trusted here (${proof.blocks} blocks)`);
  return `${renderTable([heading, ...lines], new Set([0, 1, 3, 5]))}\n${delays.join("")}${alarms}${end}\n`;
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}
