import type { CellSummary, Spread } from "../../analyze/cell-summary.ts";
import { axisText, integer, NOT_MEASURED, PERCENTILE_LABEL, PERCENTILES, rate, significant } from "../format.ts";
import { html, type Markup, type TableColumn, table, unbroken } from "./markup.ts";

const RATES = "events/s";
const LATENCY = "latency from due time, ms";
/** Axes that have a column of their own. */
const OWN = ["query", "load.rate", "data.format"];

/** One line a cell, where cells have several runs: medians of the runs' own numbers, with least and greatest. Null where each has one. */
export function cellTable(cells: readonly CellSummary[]): Markup | null {
  if (cells.every(({ runs }) => runs < 2)) return null;
  const latency = (title: string, of: (cell: CellSummary) => Spread): TableColumn<CellSummary> => {
    return { title, group: LATENCY, numeric: true, cell: (cell) => spread(of(cell)) };
  };
  const differing = differingAxes(cells);
  const settings = ({ cell }: CellSummary) =>
    unbroken(differing.map((path) => axisText(cell.axes[path] ?? "")).join(", "));
  return table<CellSummary>(
    [
      { title: "query", cell: ({ query }) => html`<strong>${query}</strong>` },
      ...(differing.length === 0 ? [] : [{ title: "settings", cell: settings }]),
      { title: "valid runs", numeric: true, cell: ({ valid, runs }) => `${integer(valid)} of ${integer(runs)}` },
      { title: "offered", group: RATES, numeric: true, cell: (cell) => rate(cell.offeredPerSecond, "") },
      { title: "achieved", group: RATES, numeric: true, cell: (cell) => rate(cell.achievedInputPerSecond, "") },
      ...PERCENTILES.map((name) => latency(PERCENTILE_LABEL[name], (cell) => cell.latency[name])),
      latency("max", (cell) => cell.latency.max),
      { title: "n", numeric: true, cell: ({ samples }) => integer(samples) },
    ],
    cells,
    "Each cell over its valid runs: the median of what the runs have, with the least and the greatest below it. n: outputs of all its valid runs.",
    ({ query }, index) => cells[index - 1]?.query !== query,
  );
}

function differingAxes(cells: readonly CellSummary[]): string[] {
  const paths = new Set(cells.flatMap(({ cell }) => Object.keys(cell.axes)));
  return [...paths].filter((path) => {
    return !OWN.includes(path) && new Set(cells.map(({ cell }) => JSON.stringify(cell.axes[path]))).size > 1;
  });
}

function spread({ median, min, max }: Spread): Markup | string {
  if (median === null) return NOT_MEASURED;
  const [middle, least, most] = [median, min ?? median, max ?? median].map((us) => significant(us / 1000));
  return least === most ? middle! : html`${middle!}<br><span class="small">${least!} … ${most!}</span>`;
}
