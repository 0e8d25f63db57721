import type { Campaign } from "../../analyze/compare/campaign.ts";
import type { Comparison, Row } from "../../analyze/compare/comparison.ts";
import type { Verdict } from "../../analyze/compare/judge.ts";
import { METRICS, type Metric } from "../../analyze/compare/metrics.ts";
import { ALL_CELLS } from "../../analyze/compare/series.ts";
import type { Operand } from "../../analyze/compare/side.ts";
import { integer, length, NOT_MEASURED, significant } from "../../report/format.ts";
import { formatLatency, formatPerSecond } from "../progress/format.ts";
import { formatBytes } from "../progress/format-bytes.ts";

/** The columns of a comparison, as text and Markdown tell it. */
export const HEADING = ["cell", "metric", "n", "A", "B", "shift", "B/A − 1 [95 %]", "p", "MDC", "verdict"];

/** The words of one row; `verdict` is painted by the caller. */
export function rowWords(row: Row): string[] {
  const { cell, metric, gate, finding, adjustedP, minimumDetectable } = row;
  const { aCount, bCount, aMedian, bMedian, shift } = finding;
  return [
    cell === "" ? "the cell" : cell,
    `${metric.name}${gate ? " *" : ""}`,
    aCount === bCount ? `${aCount}` : `${aCount}, ${bCount}`,
    quantity(metric, aMedian),
    quantity(metric, bMedian),
    signedQuantity(metric, shift),
    changeWords(finding),
    aCount === 0 || bCount === 0 ? NOT_MEASURED : probability(adjustedP),
    minimumDetectable === null ? "n too small" : percent(minimumDetectable),
    verdictWords(row),
  ];
}

function changeWords({ change, low, high }: Row["finding"]): string {
  if (change === null) return NOT_MEASURED;
  const interval = low === null || high === null ? "" : ` [${signedPercent(low)}, ${signedPercent(high)}]`;
  return `${signedPercent(change)} %${interval}`;
}

/** `worse`, `same within 5 %`, `cannot tell (MDC 12 %)`. */
function verdictWords({ verdict, metric, minimumDetectable, censored, finding, machine }: Row): string {
  const cut = censored === 0 ? "" : `, ${censored} not over at the end`;
  switch (verdict) {
    case "same":
      return `same within ${percent(metric.margin)}`;
    case "cannot tell": {
      if (finding.aCount === 0 || finding.bCount === 0) return "cannot tell (no data)";
      const least = minimumDetectable === null ? "too few runs" : `MDC ${percent(minimumDetectable)}`;
      const moved = machine === null || machine.most <= metric.margin ? "" : `, machine up to ${percent(machine.most)}`;
      return `cannot tell (${least}${moved}${cut})`;
    }
    default:
      return `${verdict}${cut}`;
  }
}

export function quantity({ unit }: Pick<Metric, "unit">, value: number | null): string {
  if (value === null) return NOT_MEASURED;
  switch (unit) {
    case "us":
      return formatLatency(value);
    case "ms":
      return length(value);
    case "s":
      return `${significant(value)} s`;
    case "perSecond":
      return formatPerSecond(value);
    case "bytes":
      return formatBytes(value);
  }
}

function signedQuantity(metric: Metric, value: number | null): string {
  if (value === null || value === 0) return value === null ? NOT_MEASURED : "0";
  return `${sign(value)}${quantity(metric, Math.abs(value))}`;
}

/** Above it a number says no more than "a lot". */
const MOST_SHARE = 10;

/** `12 %`, `5.2 %`: two digits; from 10 on whole ones. */
export function percent(share: number): string {
  if (share > MOST_SHARE) return `> ${integer(MOST_SHARE * 100)} %`;
  return `${digits(share)} %`;
}

function signedPercent(share: number): string {
  if (digits(Math.abs(share)) === "0") return "0";
  return `${sign(share)}${digits(Math.abs(share))}`;
}

function digits(share: number): string {
  const hundredths = share * 100;
  return hundredths >= 9.95 ? integer(hundredths) : Number(hundredths.toFixed(1)).toString();
}

function sign(value: number): string {
  return value < 0 ? "−" : "+";
}

function probability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(p < 0.1 ? 3 : 2);
}

export function verdictTone(verdict: Verdict): "good" | "bad" | "warn" | "dim" {
  const tones = { worse: "bad", better: "good", same: "good", "cannot tell": "warn" } as const;
  return tones[verdict];
}

/** Where a side comes from, in one line. */
export function sideWords({ folder, manifest }: Campaign, { axes }: Pick<Operand, "axes">): string {
  const { commit, dirty, faultline } = manifest.provenance;
  const version =
    commit === null ? `version ${faultline}` : `commit ${commit.slice(0, 8)}${dirty === true ? ", changed" : ""}`;
  const chosen = Object.entries(axes).map(([path, value]) => `${path}=${value}`);
  const selection = chosen.length === 0 ? "" : `@${chosen.join(",")}`;
  return `${folder}${selection} (${version}, ${manifest.createdAt.slice(0, 16).replace("T", " ")})`;
}

export function countWords({ runs, valid, invalid, failed }: Comparison["counts"]["a"]): string {
  const left = [invalid > 0 ? `${invalid} invalid` : "", failed > 0 ? `${failed} failed` : ""].filter(
    (part) => part !== "",
  );
  return `${valid} of ${runs} runs valid${left.length === 0 ? "" : ` (${left.join(", ")}: left out)`}`;
}

/** How the numbers came about, in one or two sentences. */
export function methodWords({ options, rows }: Comparison): string {
  const gates = rows.filter(({ gate }) => gate).length;
  const test = options.paired ? "signed-rank test over pairs of blocks" : "U test";
  const guard = rows.some(({ machine }) => machine !== null)
    ? ` The sides did not take turns: a change counts only above three times what the instruments may have moved by ("machine").`
    : "";
  const exact = rows.every(({ finding }) => finding.exact) ? "exact " : "";
  return (
    `* gates; one value a run. B/A − 1: Hodges–Lehmann, bootstrap over ${options.paired ? "pairs of blocks" : "blocks"} ` +
    `(${options.resamples} times, seed ${options.seed}); p: ${exact}${test}, Holm over ${gates === 1 ? "1 gate" : `${gates} gates`}, over the others apart; ` +
    `MDC: least change found with 80 %${rows.some(({ cell }) => cell === ALL_CELLS) ? "; all cells: geometric mean" : ""}.${guard}`
  );
}

/** What the metrics in these rows are, for those whose name does not tell. */
export function metricWords(rows: readonly Pick<Row, "metric">[]): string {
  const told = METRICS.filter((metric) => rows.some((row) => row.metric === metric)).flatMap(({ name }) =>
    MEANINGS[name] === undefined ? [] : [`${name}: ${MEANINGS[name]}`],
  );
  return told.join("; ");
}

const MEANINGS: Readonly<Record<string, string>> = {
  cpu: "CPU seconds of the system under test per million events",
  memory: "peak of the system under test",
  achieved: "input events",
  gap: "longest time without output around the worst fault",
  "catch-up": "until its backlog was gone",
  "first-output": "until its first new output",
};
