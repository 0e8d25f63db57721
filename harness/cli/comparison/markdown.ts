import type { Comparison } from "../../analyze/compare/comparison.ts";
import { outcomeOf } from "../../analyze/compare/outcome.ts";
import { differenceLines, notMeasuredLines } from "./difference-words.ts";
import { countWords, HEADING, methodWords, metricWords, rowWords, sideWords } from "./words.ts";

/** A comparison as Markdown, for pull requests: verdict first. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { a, b, counts, rows, differences, broken, notMeasured } = comparison;
  const { verdict, reasons } = outcomeOf(comparison);
  const list = [
    `A: ${sideWords(a.campaign, { axes: a.chosen })}: ${countWords(counts.a)}`,
    `B: ${sideWords(b.campaign, { axes: b.chosen })}: ${countWords(counts.b)}`,
    ...differenceLines(differences).map((line) => `allowed difference, ${line}`),
    ...broken.map((cell) => `${cell}: B broke its guarantee, A did not`),
    ...notMeasuredLines(notMeasured),
  ];
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const table = [
    line(HEADING),
    `|${HEADING.map((_, column) => ([0, 1, 9].includes(column) ? "---|" : "--:|")).join("")}`,
    ...rows.map((row) => line(rowWords(row))),
  ];
  return [
    `**${verdict}**${reasons.length === 0 ? "" : `: ${escaped(reasons.join("; "))}`}`,
    list.map((text) => `- ${escaped(text)}`).join("\n"),
    ...(rows.length === 0 ? [] : [table.join("\n"), escaped(methodWords(comparison)), escaped(metricWords(rows))]),
  ]
    .filter((part) => part !== "")
    .map((part) => `${part}\n`)
    .join("\n");
}

function escaped(text: string): string {
  return text.replace(/[|*_<>]/g, (mark) => `\\${mark}`);
}
