import { stripVTControlCharacters } from "node:util";

/** Rows of text as an aligned table; the first row is the heading. Columns in `left` are aligned left, the others right. */
export function renderTable(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => {
        const gap = " ".repeat(Math.max(0, widths[column]! - width(text)));
        return left.has(column) ? text + gap : gap + text;
      })
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** Printed width: characters, escape sequences of colours not counted. */
function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
