import type { RunAnalysis } from "../analyze/analyze-run.ts";
import type { Tag } from "../analyze/run-recorder.ts";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import { type Column, csv } from "./csv.ts";

interface Second {
  readonly second: number;
  readonly intended: IntervalHistogram | undefined;
  readonly output: IntervalHistogram | undefined;
}

/** `series/<run>.csv`: one line a second from the first due time, warm-up and drain included. */
export function seriesCsv(analysis: RunAnalysis): string {
  const { offered, inputs, outputs, consumerLag, roles, intervals } = analysis;
  const bySecond = (tag: Tag) => new Map(intervals[tag].map((i) => [i.index, i]));
  const [intended, output] = [bySecond("e2e-intended"), bySecond("e2e-output")];
  const [generatorLag, observerLag] = [bySecond("generator-lag"), bySecond("observer-lag")];
  const length = Math.max(offered.length, outputs.length, inputs?.length ?? 0);
  const rows = Array.from({ length }, (_, second) => ({
    second,
    intended: intended.get(second),
    output: output.get(second),
  }));
  const backlog = backlogs(rows);
  return csv<Second>(
    [
      { name: "second", value: (row) => row.second },
      { name: "offered_events_per_second", value: (row) => offered[row.second] ?? 0 },
      { name: "input_events_per_second", value: (row) => (inputs === null ? null : (inputs[row.second] ?? 0)) },
      { name: "output_rows_per_second", value: (row) => outputs[row.second] ?? 0 },
      ...intervalColumns("latency_by_intended_time", (row) => row.intended),
      ...intervalColumns("latency_by_output_time", (row) => row.output),
      { name: "consumer_lag_events", value: (row) => consumerLag[row.second] ?? null },
      { name: "backlog_rows", value: (row) => backlog?.[row.second] ?? null },
      { name: "generator_lag_p99_us", value: (row) => generatorLag.get(row.second)?.p99 ?? null },
      { name: "generator_lag_max_us", value: (row) => generatorLag.get(row.second)?.max ?? null },
      { name: "observer_lag_p99_us", value: (row) => observerLag.get(row.second)?.p99 ?? null },
      { name: "observer_lag_max_us", value: (row) => observerLag.get(row.second)?.max ?? null },
      ...[...roles].flatMap(([role, usage]): Column<Second>[] => [
        { name: `${snake(role)}_cpu_percent`, value: (row) => usage[row.second]?.cpuPercent ?? null },
        { name: `${snake(role)}_rss_bytes`, value: (row) => usage[row.second]?.rssBytes ?? null },
        { name: `${snake(role)}_heap_bytes`, value: (row) => usage[row.second]?.heapBytes ?? null },
        { name: `${snake(role)}_written_bytes_per_second`, value: (row) => usage[row.second]?.writtenBytes ?? null },
        { name: `${snake(role)}_read_bytes_per_second`, value: (row) => usage[row.second]?.readBytes ?? null },
      ]),
    ],
    rows,
  );
}

/** `series/<run>.committed.csv`: the same of readers of committed data; null where they were not observed. */
export function committedSeriesCsv({ committedOutputs, intervals }: RunAnalysis): string | null {
  if (committedOutputs === null) return null;
  const bySecond = (tag: "committed-intended" | "committed-output") => new Map(intervals[tag].map((i) => [i.index, i]));
  const [intended, output] = [bySecond("committed-intended"), bySecond("committed-output")];
  const rows = committedOutputs.map((_, second) => ({
    second,
    intended: intended.get(second),
    output: output.get(second),
  }));
  return csv<Second>(
    [
      { name: "second", value: (row) => row.second },
      { name: "committed_rows_per_second", value: (row) => committedOutputs[row.second]! },
      ...intervalColumns("committed_latency_by_intended_time", (row) => row.intended),
      ...intervalColumns("committed_latency_by_output_time", (row) => row.output),
    ],
    rows,
  );
}

/** At the end of each second: outputs that were due by then and came later. null: nothing tells when outputs were due. */
function backlogs(rows: readonly Second[]): readonly number[] | null {
  if (rows.every(({ intended }) => intended === undefined)) return null;
  let overdue = 0;
  return rows.map(({ intended, output }) => (overdue += (intended?.count ?? 0) - (output?.count ?? 0)));
}

function intervalColumns(prefix: string, of: (row: Second) => IntervalHistogram | undefined): Column<Second>[] {
  return [
    { name: `${prefix}_p50_us`, value: (row) => of(row)?.p50 ?? null },
    { name: `${prefix}_p90_us`, value: (row) => of(row)?.p90 ?? null },
    { name: `${prefix}_p99_us`, value: (row) => of(row)?.p99 ?? null },
    { name: `${prefix}_p999_us`, value: (row) => of(row)?.p999 ?? null },
    { name: `${prefix}_max_us`, value: (row) => of(row)?.max ?? null },
    { name: `${prefix}_n`, value: (row) => of(row)?.count ?? 0 },
  ];
}

function snake(role: string): string {
  return role.replace(/[^A-Za-z0-9]+/g, "_");
}
