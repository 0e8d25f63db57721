import { FaultlineError } from "../../base/errors.ts";

/** A record of a CSV file and the line it begins on. null: an empty value without quotes. */
export interface CsvRecord {
  readonly line: number;
  readonly values: readonly (string | null)[];
}

/** Records of RFC 4180 text: commas, quotes doubled inside quotes, line ends LF or CRLF; empty lines are passed over. */
export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const values: (string | null)[] = [];
    const first = line;
    for (;;) {
      const quoted = text[at] === '"';
      const end = quoted ? endOfQuoted(text, at, line) : endOfPlain(text, at);
      const raw = text.slice(at, end);
      if (quoted) values.push(raw.slice(1, -1).replaceAll('""', '"'));
      else values.push(raw === "" ? null : raw);
      for (const character of raw) if (character === "\n") line += 1;
      at = end;
      if (text[at] !== ",") break;
      at += 1;
    }
    at = afterLineEnd(text, at, line);
    line += 1;
    if (values.length > 1 || values[0] !== null) records.push({ line: first, values });
  }
  return records;
}

function endOfPlain(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

/** Behind the closing quote. */
function endOfQuoted(text: string, start: number, line: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at + 1;
    at += 1;
  }
  throw new FaultlineError("job-invalid", `line ${line} of the table: a quote is not closed`);
}

function afterLineEnd(text: string, at: number, line: number): number {
  if (at >= text.length) return at;
  if (text[at] === "\n") return at + 1;
  if (text[at] === "\r" && text[at + 1] === "\n") return at + 2;
  throw new FaultlineError("job-invalid", `line ${line} of the table: text behind a closing quote`);
}
