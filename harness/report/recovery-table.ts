import type { RunResult } from "../sweep/model.ts";
import { type Column, csv, rounded } from "./csv.ts";
import { censoredColumns } from "./fault-table.ts";
import { type RecoveryRow, recoveryRows, stepsOf } from "./recovery-rows.ts";

/** `recovery.csv`: one line a fault and view, in the order of runs. Times count from when the fault was observed. */
export function recoveryCsv(results: readonly RunResult[]): string {
  return csv(COLUMNS, recoveryRows(results));
}

const ms = (name: string, of: (row: RecoveryRow) => number | null | undefined): Column<RecoveryRow> => ({
  name: `${name}_ms`,
  value: (row) => rounded(of(row) ?? null),
});

const COLUMNS: readonly Column<RecoveryRow>[] = [
  { name: "run", value: ({ result }) => result.run.id },
  { name: "cell", value: ({ result }) => result.run.cell.id },
  { name: "repetition", value: ({ result }) => result.run.repetition },
  { name: "state", value: ({ result }) => result.state },
  { name: "query", value: ({ result }) => result.query },
  { name: "system", value: ({ result }) => result.system },
  { name: "recovery", value: ({ result }) => result.recovery ?? null },
  { name: "guarantee", value: ({ result }) => result.guarantee ?? null },
  { name: "fault", value: ({ fault }) => fault.index + 1 },
  { name: "kind", value: ({ fault }) => fault.kind },
  { name: "target", value: ({ fault }) => fault.target },
  { name: "problem", value: ({ fault }) => fault.problem },
  { name: "view", value: ({ view }) => `read_${view}` },
  ms("observed", ({ fault }) => fault.observedMs),
  { name: "phase_checkpoint", value: ({ fault }) => fault.phase?.checkpointId ?? null },
  ms("phase_since_triggered", ({ fault }) => fault.phase?.sinceTriggeredMs),
  { name: "phase_of_interval", value: ({ fault }) => rounded(fault.phase?.ofInterval ?? null) },
  { name: "phase_state", value: ({ fault }) => fault.phase?.state ?? null },
  { name: "restored_checkpoint", value: ({ fault }) => fault.restored?.checkpointId ?? null },
  ms("restored_checkpoint_age", ({ fault }) => fault.restored?.ageMs),
  ms("healed_after", ({ fault: { healedMs, observedMs } }) =>
    healedMs === null || observedMs === null ? null : healedMs - observedMs,
  ),
  ms("detected_after", ({ fault }) => stepsOf(fault).detectedMs),
  ms("deploying_after", ({ fault }) => stepsOf(fault).deployingMs),
  ms("running_after", ({ fault }) => stepsOf(fault).runningMs),
  ...censoredColumns<RecoveryRow>("first_output_after", ({ effect }) => effect?.firstOutput),
  ...censoredColumns<RecoveryRow>("caught_up_after", ({ effect }) => effect?.catchUp),
  ...censoredColumns<RecoveryRow>("slo_restored_after", ({ effect }) => effect?.slo?.restored),
  ...censoredColumns<RecoveryRow>("gap", ({ effect }) => effect?.gap),
  { name: "excess_event_seconds", value: ({ effect }) => rounded(effect?.excessEventSeconds ?? null) },
  { name: "peak_p99_us", value: ({ effect }) => effect?.peakP99Us ?? null },
  { name: "after_max_us", value: ({ effect }) => effect?.after.maxUs ?? null },
  { name: "outputs_replayed", value: ({ effect }) => effect?.replayed ?? null },
  { name: "outputs_lost_in_run", value: ({ verified }) => verified?.lost ?? null },
  { name: "outputs_duplicate_in_run", value: ({ verified }) => verified?.duplicate ?? null },
  { name: "outputs_wrong_in_run", value: ({ verified }) => verified?.wrong ?? null },
];
