import { FaultlineError } from "../../base/errors.ts";
import { openRegression } from "./baseline.ts";
import { type HistoryRow, seriesKey } from "./history-row.ts";

/**
 * The rows that take a confirmed regression as meant, of every machine that has it: from then on the new level is the norm. `what`:
 * `CELL:METRIC`. Throws `usage` when there is no such regression.
 */
export function acceptedRows(
  history: readonly HistoryRow[],
  lane: string,
  what: string,
  now: string,
): readonly HistoryRow[] {
  const series = [...Map.groupBy(history, seriesKey).values()].map((rows) => rows.at(-1)!);
  const open = series.flatMap((row) => {
    const regression = row.lane === lane ? openRegression(history, row) : null;
    return regression === null ? [] : [regression];
  });
  const nameOf = ({ cell, metric }: HistoryRow) => `${cell}:${metric}`;
  const meant = open.filter((row) => nameOf(row) === what);
  if (meant.length === 0) {
    const names = [...new Set(open.map(nameOf))];
    throw new FaultlineError("usage", `--accept: ${what} is no regression that was confirmed and is still there`, {
      hint: names.length === 0 ? `${lane} has none.` : `There are ${names.join(", ")}.`,
    });
  }
  return meant.map((row) => ({ ...row, time: now, outcome: "accepted" }));
}
