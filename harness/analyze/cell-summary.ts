import type { Cell, LatencySummary, RunResult } from "../sweep/model.ts";
import { median } from "./statistics/median.ts";

export interface Spread {
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

type LatencyField = Exclude<keyof LatencySummary, "n">;

/** One cell over its repetitions. Numbers are of valid runs only; the unit of replication is the run, so medians of run values. */
export interface CellSummary {
  readonly cell: Cell;
  readonly query: string;
  readonly system: string;
  readonly runs: number;
  readonly valid: number;
  readonly invalid: number;
  readonly failed: number;
  readonly offeredPerSecond: number | null;
  readonly achievedInputPerSecond: number | null;
  readonly achievedOutputPerSecond: number | null;
  readonly latency: Readonly<Record<LatencyField, Spread>>;
  /** Measured outputs of all valid runs together. */
  readonly samples: number;
}

/** Cells by query, then offered rate, then name: the order of every table and figure. */
export function summarizeCells(results: readonly RunResult[]): CellSummary[] {
  const byCell = new Map<string, RunResult[]>();
  for (const result of results) {
    const runs = byCell.get(result.run.cell.id);
    if (runs === undefined) byCell.set(result.run.cell.id, [result]);
    else runs.push(result);
  }
  return [...byCell.values()].map(summarize).sort(compareCells);
}

function summarize(runs: readonly RunResult[]): CellSummary {
  const [first] = runs as [RunResult];
  const valid = runs.filter(({ state }) => state === "valid");
  const spreadOf = (field: LatencyField) => spread(valid.map(({ latencyUs }) => latencyUs[field]));
  return {
    cell: first.run.cell,
    query: first.query,
    system: first.system,
    runs: runs.length,
    valid: valid.length,
    invalid: runs.filter(({ state }) => state === "invalid").length,
    failed: runs.filter(({ state }) => state === "failed").length,
    offeredPerSecond: first.offeredPerSecond,
    achievedInputPerSecond: spread(valid.map((run) => run.achievedInputPerSecond)).median,
    achievedOutputPerSecond: spread(valid.map((run) => run.achievedOutputPerSecond)).median,
    latency: {
      p50: spreadOf("p50"),
      p90: spreadOf("p90"),
      p99: spreadOf("p99"),
      p999: spreadOf("p999"),
      max: spreadOf("max"),
    },
    samples: valid.reduce((sum, { latencyUs }) => sum + latencyUs.n, 0),
  };
}

/** Of the values that were measured; nulls without any. */
export function spread(values: readonly (number | null)[]): Spread {
  const measured = values.filter((value) => value !== null);
  if (measured.length === 0) return { median: null, min: null, max: null };
  return { median: median(measured), min: Math.min(...measured), max: Math.max(...measured) };
}

/** The order of tables and figures. */
export function compareResults(a: RunResult, b: RunResult): number {
  return (
    compareText(a.query, b.query) ||
    (a.offeredPerSecond ?? 0) - (b.offeredPerSecond ?? 0) ||
    compareText(a.run.cell.id, b.run.cell.id) ||
    a.run.repetition - b.run.repetition
  );
}

function compareCells(a: CellSummary, b: CellSummary): number {
  return (
    compareText(a.query, b.query) ||
    (a.offeredPerSecond ?? 0) - (b.offeredPerSecond ?? 0) ||
    compareText(a.cell.id, b.cell.id)
  );
}

/** q2 before q10. Not by locale: the order must be the same everywhere. */
function compareText(a: string, b: string): number {
  const [x, y] = [padded(a), padded(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function padded(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}
