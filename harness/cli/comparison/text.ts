import { benchLine } from "../../../base/command-line.ts";
import type { Comparison } from "../../analyze/compare/comparison.ts";
import { type Outcome, outcomeOf } from "../../analyze/compare/outcome.ts";
import { commonCells } from "../../analyze/compare/series.ts";
import type { Style } from "../progress/style.ts";
import { renderTable } from "../progress/table.ts";
import { differenceLines, NO_COMMON_CELL, notMeasuredLines } from "./difference-words.ts";
import { countWords, HEADING, methodWords, metricWords, rowWords, sideWords, verdictTone } from "./words.ts";

/** A comparison for a terminal. */
export function comparisonText(comparison: Comparison, style: Style): string {
  const { a, b, counts, rows, differences, broken, notMeasured } = comparison;
  const painted = rows.map((row) => {
    const words = rowWords(row);
    return [...words.slice(0, -1), style[verdictTone(row.verdict)](words.at(-1)!)];
  });
  const lines = [
    `A  ${sideWords(a.campaign, { axes: a.chosen })}: ${countWords(counts.a)}`,
    `B  ${sideWords(b.campaign, { axes: b.chosen })}: ${countWords(counts.b)}`,
    ...differenceLines(differences).map((line) => style.warn(`allowed difference, ${line}`)),
    ...broken.map((cell) => style.bad(`${cell}: B broke its guarantee, A did not`)),
    ...notMeasuredLines(notMeasured).map((line) => style.dim(line)),
  ];
  const table = rows.length === 0 ? "" : `\n${renderTable([HEADING, ...painted], new Set([0, 1, 9]))}`;
  const notes = rows.length === 0 ? [] : [methodWords(comparison), metricWords(rows)].filter((note) => note !== "");
  const outcome = outcomeOf(comparison);
  const end = `${verdictLine(outcome, style)}${outcome.verdict === "cannot tell" ? `\nhint: ${hintOf(comparison)}` : ""}`;
  return `${[...lines, table, ...notes.map((note) => style.dim(note)), end].join("\n")}\n`;
}

function hintOf({ a, b, rows, options }: Comparison): string {
  if (commonCells(a, b).length === 0) return NO_COMMON_CELL;
  const unclear = rows.filter(({ gate, verdict }) => gate && verdict === "cannot tell");
  if (unclear.some(({ minimumDetectable }) => minimumDetectable === null)) {
    return `More repetitions; ${benchLine`noise`} says how many.`;
  }
  if (!options.paired && unclear.some(({ machine, metric }) => machine !== null && machine.most > metric.margin)) {
    return "Let both run in turns, as values of an axis of one sweep: then the machine is the same for both.";
  }
  return `More repetitions (${benchLine`noise`} says how many), or --gate with metrics that are less noisy here.`;
}

/** The last line: what it all comes to. */
function verdictLine({ verdict, reasons }: Outcome, style: Style): string {
  const text = `${verdict}${reasons.length === 0 ? "" : `: ${reasons.join("; ")}`}`;
  if (verdict === "regression") return style.bad(text);
  return verdict === "no regression" ? style.good(text) : style.warn(text);
}
