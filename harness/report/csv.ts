import { stringify } from "csv-stringify/sync";

/** Raised whenever a column changes its meaning, name or place. First column of every file. */
const CSV_VERSION = 1;

export type Cell = string | number | null;

/** One column: its name (unit included) and where its value comes from. */
export interface Column<Row> {
  readonly name: string;
  readonly value: (row: Row) => Cell;
}

/** A table as CSV: header, then rows; `format_version` first; null = not measured = empty cell. */
export function csv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const header = ["format_version", ...columns.map(({ name }) => name)];
  const lines = rows.map((row) => [CSV_VERSION, ...columns.map(({ value }) => value(row))]);
  return stringify([header, ...lines], { cast: { number: (value) => String(value) } });
}

/** At most `places` decimals: derived rates need no more. */
export function rounded(value: number | null, places = 3): number | null {
  return value === null ? null : Number(value.toFixed(places));
}
