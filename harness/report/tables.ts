import type { CellSummary } from "../analyze/cell-summary.ts";
import { eventsSent } from "../analyze/system-cpu.ts";
import type { LatencySummary, RunResult, VerifySummary } from "../sweep/model.ts";
import { type Column, csv, rounded } from "./csv.ts";
import { crossedThresholds } from "./threshold-lines.ts";

const LATENCY_FIELDS = ["p50", "p90", "p99", "p999", "max"] as const;

/** Columns `<prefix>_p50_us` … `<prefix>_max_us`, `<prefix>_n`; empty where not measured, so also the n. */
function latencyColumns<Row>(prefix: string, of: (row: Row) => LatencySummary | null): Column<Row>[] {
  return [
    ...LATENCY_FIELDS.map((field) => ({
      name: `${prefix}_${field}_us`,
      value: (row: Row) => of(row)?.[field] ?? null,
    })),
    { name: `${prefix}_n`, value: (row) => of(row)?.n ?? null },
  ];
}

const VERIFIED: readonly [string, keyof VerifySummary][] = [
  ["expected", "expected"],
  ["observed", "observed"],
  ["matched", "matched"],
  ["lost", "lost"],
  ["duplicate", "duplicate"],
  ["wrong", "wrong"],
  ["unexpected", "unexpected"],
  ["premature", "premature"],
  ["out_of_order", "outOfOrder"],
];

const RUN_COLUMNS: readonly Column<RunResult>[] = [
  { name: "run", value: ({ run }) => run.id },
  { name: "cell", value: ({ run }) => run.cell.id },
  { name: "repetition", value: ({ run }) => run.repetition },
  { name: "order", value: ({ run }) => run.order },
  { name: "block", value: ({ run }) => run.block },
  { name: "axes_json", value: ({ run }) => JSON.stringify(run.cell.axes) },
  { name: "query", value: ({ query }) => query },
  { name: "system", value: ({ system }) => system },
  { name: "state", value: ({ state }) => state },
  { name: "reasons", value: ({ reasons }) => [...new Set(reasons.map(({ code }) => code))].join(" ") },
  { name: "events", value: ({ events }) => events },
  { name: "warmup_ms", value: ({ warmupCutMs }) => warmupCutMs },
  { name: "measured_ms", value: ({ measuredMs }) => measuredMs },
  { name: "offered_events_per_second", value: (r) => rounded(r.offeredPerSecond) },
  { name: "achieved_input_events_per_second", value: (r) => rounded(r.achievedInputPerSecond) },
  { name: "achieved_output_rows_per_second", value: (r) => rounded(r.achievedOutputPerSecond) },
  ...latencyColumns<RunResult>("latency", (r) => r.latencyUs),
  { name: "negative_latencies", value: (r) => r.negativeLatencies },
  ...latencyColumns<RunResult>("uncorrected_latency", (r) => measured(r.uncorrectedLatencyUs)),
  ...latencyColumns<RunResult>("residence", (r) => r.residenceUs),
  ...latencyColumns<RunResult>("engine_latency", (r) => r.engineLatencyUs ?? null),
  ...latencyColumns<RunResult>("generator_lag", (r) => measured(r.generatorLagUs)),
  ...latencyColumns<RunResult>("observer_lag", (r) => measured(r.observerLagUs)),
  ...VERIFIED.map(([name, field]) => ({
    name: `verified_${name}`,
    value: (r: RunResult) => r.verified?.[field] ?? null,
  })),
  { name: "cpu_seconds", value: (r) => totalCpu(r) },
  { name: "cpu_seconds_per_million_events", value: (r) => cpuPerMillion(r) },
  { name: "data_format", value: ({ dataFormat }) => dataFormat ?? null },
  { name: "recovery", value: ({ recovery }) => recovery ?? null },
  { name: "guarantee", value: ({ guarantee }) => guarantee ?? null },
  { name: "checkpoint_interval_ms", value: (r) => r.checkpointIntervalMs ?? null },
  { name: "checkpoints_completed", value: (r) => r.checkpoints?.completed ?? null },
  { name: "checkpoints_aborted", value: (r) => r.checkpoints?.aborted ?? null },
  { name: "checkpoint_duration_ms_median", value: (r) => rounded(r.checkpoints?.durationMs.median ?? null) },
  { name: "checkpoint_bytes_median", value: (r) => r.checkpoints?.bytes.median ?? null },
  ...latencyColumns<RunResult>("committed_latency", (r) => (r.committed ? measured(r.committed.latencyUs) : null)),
  ...VERIFIED.map(([name, field]) => ({
    name: `committed_verified_${name}`,
    value: (r: RunResult) => r.committed?.verified?.[field] ?? null,
  })),
  { name: "lag_slope_share", value: (r) => rounded(r.lagSlope ?? null, 6) },
  { name: "thresholds", value: (r) => r.thresholds?.length ?? null },
  { name: "thresholds_crossed", value: (r) => (r.thresholds === undefined ? null : crossedThresholds(r).length) },
  { name: "foreign_cpu_percent", value: (r) => r.machine?.foreignCpuPercent ?? null },
  { name: "stolen_cpu_percent", value: (r) => r.machine?.stolenCpuPercent ?? null },
];

function measured(summary: LatencySummary): LatencySummary | null {
  return summary.n === 0 ? null : summary;
}

function totalCpu({ resources }: RunResult): number | null {
  const roles = Object.values(resources);
  return roles.length === 0 ? null : rounded(roles.reduce((sum, role) => sum + role.cpuSeconds, 0));
}

function cpuPerMillion(result: RunResult): number | null {
  const cpu = totalCpu(result);
  const events = eventsSent(result);
  return cpu === null || events === null ? null : rounded(cpu / (events / 1e6));
}

/** `runs.csv`: one line a run, in the order of execution. */
export function runsCsv(results: readonly RunResult[]): string {
  return csv(RUN_COLUMNS, results);
}

/** `resources.csv`: one line a run and role. */
export function resourcesCsv(results: readonly RunResult[]): string {
  const rows = results.flatMap((result) =>
    Object.entries(result.resources).map(([role, usage]) => {
      const events = eventsSent(result);
      const perEvent = (bytes: number | undefined) => (bytes === undefined || events === null ? null : bytes / events);
      return { run: result.run.id, role, usage, perEvent };
    }),
  );
  return csv(
    [
      { name: "run", value: (row) => row.run },
      { name: "role", value: (row) => row.role },
      { name: "cpu_seconds", value: (row) => row.usage.cpuSeconds },
      { name: "cpu_percent", value: (row) => row.usage.cpuPercent },
      { name: "rss_peak_bytes", value: (row) => row.usage.rssPeakBytes },
      { name: "written_bytes", value: ({ usage }) => usage.writtenBytes ?? null },
      { name: "read_bytes", value: ({ usage }) => usage.readBytes ?? null },
      { name: "written_bytes_per_event", value: ({ usage, perEvent }) => rounded(perEvent(usage.writtenBytes)) },
      { name: "read_bytes_per_event", value: ({ usage, perEvent }) => rounded(perEvent(usage.readBytes)) },
      { name: "voluntary_context_switches", value: ({ usage }) => usage.voluntarySwitches ?? null },
      { name: "involuntary_context_switches", value: ({ usage }) => usage.involuntarySwitches ?? null },
      { name: "heap_peak_bytes", value: ({ usage }) => usage.runtime?.heapPeakBytes ?? null },
      { name: "gc_pauses", value: ({ usage }) => usage.runtime?.gcPauses ?? null },
      { name: "gc_pause_us", value: ({ usage }) => usage.runtime?.gcPauseUs ?? null },
      { name: "gc_pause_max_us", value: ({ usage }) => usage.runtime?.gcPauseMaxUs ?? null },
      { name: "loop_delay_p99_us", value: ({ usage }) => usage.runtime?.loopDelayP99Us ?? null },
      { name: "loop_delay_max_us", value: ({ usage }) => usage.runtime?.loopDelayMaxUs ?? null },
    ],
    rows,
  );
}

/** `summary.csv`: one line a cell, medians over its valid runs. */
export function summaryCsv(cells: readonly CellSummary[]): string {
  return csv(
    [
      { name: "cell", value: (c) => c.cell.id },
      { name: "axes_json", value: (c) => JSON.stringify(c.cell.axes) },
      { name: "query", value: (c) => c.query },
      { name: "system", value: (c) => c.system },
      { name: "runs", value: (c) => c.runs },
      { name: "valid_runs", value: (c) => c.valid },
      { name: "invalid_runs", value: (c) => c.invalid },
      { name: "failed_runs", value: (c) => c.failed },
      { name: "offered_events_per_second", value: (c) => rounded(c.offeredPerSecond) },
      { name: "achieved_input_events_per_second_median", value: (c) => rounded(c.achievedInputPerSecond) },
      { name: "achieved_output_rows_per_second_median", value: (c) => rounded(c.achievedOutputPerSecond) },
      ...LATENCY_FIELDS.flatMap((field): Column<CellSummary>[] => [
        { name: `latency_${field}_us_median`, value: (c) => c.latency[field].median },
        { name: `latency_${field}_us_min`, value: (c) => c.latency[field].min },
        { name: `latency_${field}_us_max`, value: (c) => c.latency[field].max },
      ]),
      { name: "latency_n", value: (c) => c.samples },
    ],
    cells,
  );
}
