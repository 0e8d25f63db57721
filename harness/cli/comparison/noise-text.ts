import type { NoiseOptions, NoiseRow } from "../../analyze/compare/noise.ts";
import { NOT_MEASURED } from "../../report/format.ts";
import type { Style } from "../progress/style.ts";
import { renderTable } from "../progress/table.ts";
import { metricWords, percent, quantity } from "./words.ts";

/** The machine's floor for a terminal. */
export function noiseText(rows: readonly NoiseRow[], options: NoiseOptions, style: Style): string {
  if (rows.length === 0) return "no cell has three valid runs; nothing can be said of the noise\n";
  const several = rows.some(({ between }) => between !== null);
  const heading = ["cell", "metric", "runs", "median", "spread", ...(several ? ["between"] : []), "MDC", "blocks"];
  const lines = rows.map((row) => [
    row.cell === "" ? "the cell" : row.cell,
    `${row.metric.name}${row.gate ? " *" : ""}`,
    String(row.runs),
    quantity(row.metric, row.median),
    percent(row.spread),
    ...(several ? [row.between === null ? NOT_MEASURED : percent(row.between)] : []),
    row.minimumDetectable === null ? "too few runs" : percent(row.minimumDetectable),
    blocksText(row, options),
  ]);
  const notes = [
    `* gates of bench compare. spread: relative standard deviation of equal runs${several ? "; between: of the campaigns' medians, largest to smallest" : ""}.`,
    "MDC: least change that so many blocks of both sides find with 80 %. " +
      `blocks: so many find +${percent(options.effect)} with ${percent(options.power)}.`,
    metricWords(rows),
  ];
  return `${renderTable([heading, ...lines], new Set([0, 1]))}\n${notes.map((note) => `${style.dim(note)}\n`).join("")}${endText(rows, options, style)}\n`;
}

/** What to put into `repetitions`. */
function endText(rows: readonly NoiseRow[], { effect }: NoiseOptions, style: Style): string {
  // What is below d is no change, however many repetitions there are.
  const gates = rows.filter(({ gate, metric }) => gate && effect > metric.margin);
  const settled = gates.filter(({ recommended }) => recommended !== null);
  const names = (of: readonly NoiseRow[]) => [...new Set(of.map(({ metric }) => metric.name))].join(", ");
  if (settled.length === 0) return style.warn(`no gate can show +${percent(effect)} here: this machine is too noisy`);
  const most = Math.max(...settled.map(({ recommended }) => recommended!));
  const end = style.good(`recommended: repetitions: ${most} (for ${names(settled)})`);
  const unsettled = gates.filter(({ recommended }) => recommended === null);
  if (unsettled.length === 0) return end;
  return `${end}\n${style.warn(`more than 64 for ${names(unsettled)}: too noisy here, leave it out with --gate`)}`;
}

function blocksText({ recommended, metric }: NoiseRow, { effect }: NoiseOptions): string {
  if (effect <= metric.margin) return NOT_MEASURED;
  return recommended === null ? "> 64" : String(recommended);
}
