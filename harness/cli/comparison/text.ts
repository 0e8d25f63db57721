import type { Comparison } from "../../analyze/compare/comparison.ts";
import { type Outcome, outcomeOf } from "../../analyze/compare/outcome.ts";
import type { Style } from "../progress/style.ts";
import { renderTable } from "../progress/table.ts";
import {
  countWords,
  differenceWords,
  HEADING,
  methodWords,
  metricWords,
  rowWords,
  sideWords,
  verdictTone,
} from "./words.ts";

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
    ...differences.map((difference) => style.warn(`allowed difference, ${differenceWords(difference)}`)),
    ...broken.map((cell) => style.bad(`${cell}: B broke its guarantee, A did not`)),
    ...notMeasured.map(({ cell, metric }) => style.dim(`${metric} of ${cell || "the cell"}: not measured`)),
  ];
  const table = rows.length === 0 ? "" : `\n${renderTable([HEADING, ...painted], new Set([0, 1, 9]))}`;
  const notes = rows.length === 0 ? [] : [methodWords(comparison), metricWords(rows)].filter((note) => note !== "");
  const end = verdictLine(outcomeOf(comparison), style);
  return `${[...lines, table, ...notes.map((note) => style.dim(note)), end].join("\n")}\n`;
}

/** The last line: what it all comes to. */
export function verdictLine({ verdict, reasons }: Outcome, style: Style): string {
  const text = `${verdict}${reasons.length === 0 ? "" : `: ${reasons.join("; ")}`}`;
  if (verdict === "regression") return style.bad(text);
  return verdict === "no regression" ? style.good(text) : style.warn(text);
}
