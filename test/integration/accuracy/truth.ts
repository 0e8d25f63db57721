import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { type NexmarkOptionsInput, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import type { LatencySummary, RunRecord } from "../../../harness/sweep/model.ts";

/** What is known of one row without the harness; times are µs on the machine's monotonic clock. */
export interface KnownRow {
  readonly dueUs: number;
  readonly receivedUs: number;
  /** When the model of the fixture says that it leaves, and when it left. */
  readonly releaseUs: number;
  readonly producedUs: number;
  /** When two readers apart from the harness had it; the earlier one first. */
  readonly readUs: readonly [number, number];
}

export interface Load {
  readonly ratePerSecond: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly nexmark: NexmarkOptionsInput;
}

/**
 * The rows of the measured window of a run: due times from the rate alone, the rest from what the fixtures wrote. Throws when a row
 * is missing, doubled or unknown anywhere.
 */
export function knownRows(results: string, record: RunRecord, load: Load): readonly KnownRow[] {
  const logs = join(results, "logs", record.run.id);
  const echo = new Map(readLines<[string, number, number, number]>(join(logs, "echo.jsonl")).map((l) => [l[0], l]));
  const witnesses = ["witness-1", "witness-2"].map(
    (role) => new Map(readLines<[string, number]>(join(logs, `${role}.jsonl`))),
  );
  const due = dueTimes(record, load);
  const known = [echo.size, ...witnesses.map((rows) => rows.size)];
  if (known.some((rows) => rows !== due.size)) throw new Error(`${due.size} rows are due, the fixtures know ${known}`);
  const fromUs = record.startUs + load.warmupMs * 1000;
  return [...due].flatMap(([text, dueUs]) => {
    if (dueUs < fromUs) return [];
    const [, receivedUs, releaseUs, producedUs] = echo.get(text) ?? missing(text);
    const [a = 0, b = 0] = witnesses.map((rows) => rows.get(text) ?? missing(text));
    return [{ dueUs, receivedUs, releaseUs, producedUs, readUs: [Math.min(a, b), Math.max(a, b)] as const }];
  });
}

/** Row → due time. Event i of a constant rate is due i/rate after the start; no code of the harness or its schedules. */
function dueTimes(record: RunRecord, { ratePerSecond, durationMs, nexmark }: Load): Map<string, number> {
  const events = (ratePerSecond * durationMs) / 1000;
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions({ ...nexmark, events }) }).open();
  const due = new Map<string, number>();
  while (cursor.advance()) {
    const event = cursor.event();
    if (event.type !== "bid") continue;
    const { auction, bidder, price, extra } = event.bid;
    due.set(key(auction, bidder, price, extra), record.startUs + Math.floor((cursor.index * 1e6) / ratePerSecond));
  }
  return due;
}

/** A row by what identifies it, however its time is written. */
function key(auction: number, bidder: number, price: number, extra: string): string {
  return JSON.stringify([auction, bidder, price, extra]);
}

/** Lines that begin with the text of a row, its key in place of it. */
function readLines<Line extends [string, ...number[]]>(file: string): Line[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.map((line) => {
    const [text, ...times] = JSON.parse(line) as Line;
    const { auction, bidder, price, extra } = JSON.parse(text);
    return [key(auction, bidder, price, extra), ...times] as Line;
  });
}

function missing(text: string): never {
  throw new Error(`nobody knows ${text}`);
}

/** The value that `percent` of all do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export interface Comparison {
  readonly name: "p50" | "p99" | "max";
  /** The truth is known to lie between what the two readers say. */
  readonly truthUs: readonly [number, number];
  readonly measuredUs: number | null;
  readonly agrees: boolean;
}

const PERCENTS = { p50: 50, p99: 99, max: 100 } as const;

/** p50, p99 and max against the truth, to within the greater of 1 ms and 1 %. */
export function compare(
  measured: Pick<LatencySummary, "p50" | "p99" | "max">,
  rows: readonly KnownRow[],
): readonly Comparison[] {
  return (["p50", "p99", "max"] as const).map((name) => {
    const [low, high] = truth(rows, PERCENTS[name]);
    const us = measured[name];
    const toleranceUs = Math.max(1_000, low / 100);
    const agrees = us !== null && us >= low - toleranceUs && us <= high + toleranceUs;
    return { name, truthUs: [low, high], measuredUs: us, agrees };
  });
}

/** A percentile of (read − due) by the earlier and by the later of two readers. */
export function truth(rows: readonly KnownRow[], percent: number): readonly [number, number] {
  const by = (reader: 0 | 1) =>
    percentile(
      rows.map((row) => row.readUs[reader] - row.dueUs),
      percent,
    );
  return [by(0), by(1)];
}
