import type { RunResult } from "../sweep/model.ts";
import { integer, latencyMs, PERCENTILE_LABEL, PERCENTILES, percentileText, rate } from "./format.ts";
import { cpuText, verifiedText } from "./html/headline.ts";

/** The results as a table for a terminal, one line a run; below it the reasons of runs that are not valid. */
export function summaryTable(results: readonly RunResult[]): string {
  const header = ["query", "offered", "achieved", ...PERCENTILES.map((p) => PERCENTILE_LABEL[p]), "max", "state"];
  const rows = results.map((result) => [
    result.query,
    rate(result.offeredPerSecond),
    rate(result.achievedInputPerSecond),
    ...PERCENTILES.map((name) => short(percentileText(result.latencyUs, name))),
    latencyMs(result.latencyUs.max),
    result.state,
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 || i === cells.length - 1 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const details = results.flatMap((result) => [
    `${result.run.id}: verified: ${verifiedText(result.verified)}; n=${integer(result.latencyUs.n)}; CPU ${cpuText(result)}`,
    ...result.reasons.map(({ code, message }) => `  ${result.state}: ${code}: ${message}`),
  ]);
  return `${[line(header), ...rows.map(line), "", ...details].join("\n")}\n`;
}

function short(text: string): string {
  return text.replace(/^n too small \(n=(.*)\)$/, "n too small");
}
