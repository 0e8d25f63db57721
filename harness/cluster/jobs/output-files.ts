import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../../base/errors.ts";
import { clockTime } from "../record.ts";

/** A row that a worker has written. */
export interface OutputRow {
  readonly worker: string;
  /** Event time of the row, epoch ms; of a window its last ms. */
  readonly timestampMs: number;
  readonly text: string;
}

/** Rows that the workers have written to a job's folder, by time and, among equals, by worker. A line that is half written is left out. */
export function readOutput(folder: string): readonly OutputRow[] {
  const rows = filesOf(folder).flatMap((name) => {
    const worker = name.slice(0, -".txt".length);
    const lines = readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1);
    return lines.map((line): OutputRow => {
      const tab = line.indexOf("\t");
      return { worker, timestampMs: Number(line.slice(0, tab)), text: line.slice(tab + 1) };
    });
  });
  return rows.sort((a, b) => a.timestampMs - b.timestampMs || (a.worker < b.worker ? -1 : 1));
}

/** A row as one line of text: when, who, what. */
export function outputLine({ worker, timestampMs, text }: OutputRow): string {
  // A row without event time, like a running total of generated lines, has 0: that is no time of day.
  const time = timestampMs === 0 ? "–".padEnd(clockTime(0).length) : clockTime(timestampMs);
  return `${time}  ${worker}  ${text}`;
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".txt"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
