import type { Censored, FaultResult } from "../faults/result.ts";
import type { RunResult } from "../sweep/model.ts";
import { type Column, csv, rounded } from "./csv.ts";

interface Row {
  readonly run: string;
  readonly fault: FaultResult;
  readonly lost: number | null;
}

/** `faults.csv`: one line a fault, in the order of runs. A censored value is a lower bound. */
export function faultsCsv(results: readonly RunResult[]): string {
  return csv<Row>(COLUMNS, rowsOf(results));
}

/** `faults.jsonl`: the same with everything that is known, one object a fault. */
export function faultsJsonLines(results: readonly RunResult[]): string {
  const lines = results.flatMap(({ run, faults }) => (faults ?? []).map((fault) => ({ run: run.id, ...fault })));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function rowsOf(results: readonly RunResult[]): Row[] {
  return results.flatMap(({ run, faults, verified }) =>
    (faults ?? []).map((fault) => ({ run: run.id, fault, lost: verified?.lost ?? null })),
  );
}

/** A pair of columns: a length in ms, and whether it was not over by then. */
export function censoredColumns<R>(name: string, of: (row: R) => Censored | null | undefined): Column<R>[] {
  return [
    { name: `${name}_ms`, value: (row) => rounded(of(row)?.ms ?? null) },
    { name: `${name}_censored`, value: (row) => flag(of(row)?.censored) },
  ];
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}

const COLUMNS: readonly Column<Row>[] = [
  { name: "run", value: ({ run }) => run },
  { name: "fault", value: ({ fault }) => fault.index + 1 },
  { name: "kind", value: ({ fault }) => fault.kind },
  { name: "target", value: ({ fault }) => fault.target },
  { name: "role", value: ({ fault }) => fault.role },
  { name: "pid", value: ({ fault }) => fault.pid },
  { name: "problem", value: ({ fault }) => fault.problem },
  { name: "requested_ms", value: ({ fault }) => rounded(fault.requestedMs) },
  { name: "injected_ms", value: ({ fault }) => rounded(fault.injectedMs) },
  { name: "observed_ms", value: ({ fault }) => rounded(fault.observedMs) },
  { name: "observed_resolution_ms", value: ({ fault }) => rounded(fault.observedResolutionMs) },
  { name: "detected_ms", value: ({ fault }) => rounded(fault.detectedMs) },
  { name: "recovered_ms", value: ({ fault }) => rounded(fault.recoveredMs) },
  { name: "victim_records_in", value: ({ fault }) => fault.victim?.recordsIn ?? null },
  { name: "victim_records_just_before", value: ({ fault }) => fault.victim?.recordsJustBefore ?? null },
  { name: "detection_ms", value: ({ fault }) => rounded(fault.effect?.detectionMs ?? null) },
  ...censoredColumns<Row>("first_output", ({ fault }) => fault.effect?.firstOutput),
  ...censoredColumns<Row>("gap", ({ fault }) => fault.effect?.gap),
  ...censoredColumns<Row>("catch_up", ({ fault }) => fault.effect?.catchUp),
  { name: "slo_p99_bound_us", value: ({ fault }) => fault.effect?.slo?.boundUs ?? null },
  { name: "slo_bound_from", value: ({ fault }) => fault.effect?.slo?.boundFrom ?? null },
  ...censoredColumns<Row>("slo_restored", ({ fault }) => fault.effect?.slo?.restored),
  { name: "lag_slope_before_per_second", value: ({ fault }) => rounded(fault.effect?.lagSlope.before ?? null) },
  { name: "lag_slope_during_per_second", value: ({ fault }) => rounded(fault.effect?.lagSlope.during ?? null) },
  { name: "lag_slope_after_per_second", value: ({ fault }) => rounded(fault.effect?.lagSlope.after ?? null) },
  { name: "before_p50_us", value: ({ fault }) => fault.effect?.before.p50Us ?? null },
  { name: "before_p99_us", value: ({ fault }) => fault.effect?.before.p99Us ?? null },
  { name: "before_n", value: ({ fault }) => fault.effect?.before.n ?? null },
  { name: "after_p99_us", value: ({ fault }) => fault.effect?.after.p99Us ?? null },
  { name: "after_max_us", value: ({ fault }) => fault.effect?.after.maxUs ?? null },
  { name: "after_n", value: ({ fault }) => fault.effect?.after.n ?? null },
  { name: "peak_p99_us", value: ({ fault }) => fault.effect?.peakP99Us ?? null },
  { name: "excess_event_seconds", value: ({ fault }) => rounded(fault.effect?.excessEventSeconds ?? null) },
  { name: "events_in_flight", value: ({ fault }) => fault.effect?.eventsInFlight ?? null },
  { name: "events_replayed_least", value: ({ fault }) => fault.effect?.eventsReplayed ?? null },
  { name: "outputs_in_flight", value: ({ fault }) => fault.effect?.inFlight ?? null },
  { name: "outputs_replayed", value: ({ fault }) => fault.effect?.replayed ?? null },
  { name: "outputs_lost_in_run", value: ({ lost }) => lost },
  { name: "found", value: ({ fault }) => fault.found },
  { name: "strike", value: ({ fault }) => fault.strike },
  { name: "deploying_ms", value: ({ fault }) => rounded(fault.deployingMs) },
  { name: "healed_ms", value: ({ fault }) => rounded(fault.healedMs) },
  { name: "phase_checkpoint", value: ({ fault }) => fault.phase?.checkpointId ?? null },
  { name: "phase_since_triggered_ms", value: ({ fault }) => rounded(fault.phase?.sinceTriggeredMs ?? null) },
  { name: "phase_of_interval", value: ({ fault }) => rounded(fault.phase?.ofInterval ?? null) },
  { name: "phase_state", value: ({ fault }) => fault.phase?.state ?? null },
  { name: "restored_checkpoint", value: ({ fault }) => fault.restored?.checkpointId ?? null },
  { name: "restored_checkpoint_age_ms", value: ({ fault }) => rounded(fault.restored?.ageMs ?? null) },
];
