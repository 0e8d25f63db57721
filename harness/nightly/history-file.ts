import { dirname } from "node:path";
import { FaultlineError } from "../../base/errors.ts";
import { type Column, csv } from "../report/csv.ts";
import { makeDirectory, readIfPresent, writeAtomically } from "../sweep/files.ts";
import { parseCsv } from "./csv-reader.ts";
import { type HistoryRow, OUTCOMES } from "./history-row.ts";

const COLUMNS: readonly Column<HistoryRow>[] = [
  { name: "time", value: ({ time }) => time },
  { name: "lane", value: ({ lane }) => lane },
  { name: "cell", value: ({ cell }) => cell },
  { name: "canary", value: ({ canary }) => Number(canary) },
  { name: "metric", value: ({ metric }) => metric },
  { name: "unit", value: ({ unit }) => unit },
  { name: "commit", value: ({ commit }) => commit },
  { name: "dirty", value: ({ dirty }) => Number(dirty) },
  { name: "config", value: ({ config }) => config },
  { name: "machine", value: ({ machine }) => machine },
  { name: "n", value: ({ n }) => n },
  { name: "median", value: ({ median }) => median },
  { name: "low", value: ({ low }) => low },
  { name: "high", value: ({ high }) => high },
  { name: "change_share", value: ({ change }) => change },
  { name: "bound_share", value: ({ bound }) => bound },
  { name: "outcome", value: ({ outcome }) => outcome },
  { name: "since", value: ({ since }) => since },
  { name: "against", value: ({ against }) => against },
  { name: "false_alarm_share", value: ({ falseAlarmShare }) => falseAlarmShare },
  { name: "delay_nights", value: ({ delayNights }) => delayNights },
];

/** The rows of a history, in the order of the file; [] when there is no file yet. Throws `results-unreadable`. */
export async function readHistory(path: string): Promise<readonly HistoryRow[]> {
  const text = await readIfPresent(path);
  return text === null ? [] : parseHistory(text, path);
}

/** Adds rows at the end; what is there stays as it is, byte for byte, and a crash leaves the old file or the new one. */
export async function appendHistory(path: string, rows: readonly HistoryRow[]): Promise<void> {
  const old = await readIfPresent(path);
  if (old !== null) parseHistory(old, path);
  const lines = csv(COLUMNS, rows);
  await makeDirectory(dirname(path));
  await writeAtomically(path, old === null || old === "" ? lines : old + lines.slice(lines.indexOf("\n") + 1));
}

/** `name`: of the file, for errors. */
export function parseHistory(text: string, name: string): readonly HistoryRow[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw unreadable(name, "its last line is cut off");
  const [header = [], ...lines] = parseCsv(text);
  const expected = ["format_version", ...COLUMNS.map((column) => column.name)];
  if (header.join() !== expected.join()) throw unreadable(name, `its header is not ${expected.join(",")}`);
  return lines.map((fields, i) => {
    if (fields.length !== expected.length || fields[0] !== "1") {
      throw unreadable(name, `line ${i + 2} has ${fields.length} fields of version ${fields[0]}`);
    }
    return rowOf((column) => fields[expected.indexOf(column)]!, `${name}, line ${i + 2}`);
  });
}

function rowOf(field: (column: string) => string, where: string): HistoryRow {
  const text = (column: string) => (field(column) === "" ? null : field(column));
  const number = (column: string) => {
    const written = field(column);
    if (written === "") return null;
    const value = Number(written);
    if (!Number.isFinite(value)) throw unreadable(where, `${column} is "${written}"`);
    return value;
  };
  const outcome = OUTCOMES.find((one) => one === field("outcome"));
  const units = ["us", "ms", "s", "perSecond", "bytes"] as const;
  const unit = units.find((one) => one === field("unit"));
  if (outcome === undefined || unit === undefined) {
    throw unreadable(where, `"${field("outcome")}" is no outcome or "${field("unit")}" no unit`);
  }
  if (Number.isNaN(Date.parse(field("time")))) throw unreadable(where, `"${field("time")}" is no time`);
  return {
    ...{ time: field("time"), lane: field("lane"), cell: field("cell"), metric: field("metric") },
    ...{ canary: field("canary") === "1", dirty: field("dirty") === "1", unit, outcome },
    ...{ commit: text("commit"), config: field("config"), machine: field("machine") },
    ...{ n: number("n") ?? 0, median: number("median"), low: number("low"), high: number("high") },
    ...{ change: number("change_share"), bound: number("bound_share") },
    ...{ since: text("since"), against: text("against") },
    ...{ falseAlarmShare: number("false_alarm_share"), delayNights: number("delay_nights") },
  };
}

function unreadable(name: string, why: string): FaultlineError {
  return new FaultlineError("results-unreadable", `${name} is no history of bench nightly: ${why}`, {
    hint: "Histories are only added to; take the last whole one from where they are kept.",
  });
}
