import { medianOfCensored } from "../analyze/faults/survival.ts";
import type { View } from "../analyze/guarantee.ts";
import { type Censored, type FaultEffect, type FaultResult, wentOn } from "../faults/result.ts";
import type { RunResult, VerifySummary } from "../sweep/model.ts";

/** One fault as one kind of reader saw it. */
export interface RecoveryRow {
  readonly result: RunResult;
  readonly fault: FaultResult;
  readonly view: View;
  /** null: nothing is known of it. */
  readonly effect: FaultEffect | null;
  /** Of the whole run, in this view. */
  readonly verified: VerifySummary | null;
}

/** Steps of a recovery up to the query's running again, ms since the fault was observed; null: not known, or not reached. */
export interface Steps {
  readonly detectedMs: number | null;
  readonly deployingMs: number | null;
  readonly runningMs: number | null;
}

export function stepsOf({ observedMs, detectedMs, deployingMs, recoveredMs }: FaultResult): Steps {
  const since = (ms: number | null) => (ms === null || observedMs === null ? null : ms - observedMs);
  const runningMs = wentOn(detectedMs, recoveredMs) ? null : since(recoveredMs);
  return { detectedMs: since(detectedMs), deployingMs: since(deployingMs), runningMs };
}

/** Every fault in every view, faults in the order of the results. */
export function recoveryRows(results: readonly RunResult[]): readonly RecoveryRow[] {
  return results.flatMap((result) =>
    (result.faults ?? []).flatMap((fault): RecoveryRow[] => [
      { result, fault, view: "uncommitted", effect: fault.effect, verified: result.verified },
      ...(fault.committed === undefined || result.committed === undefined
        ? []
        : [
            { result, fault, view: "committed" as const, effect: fault.committed, verified: result.committed.verified },
          ]),
    ]),
  );
}

/** A fault of a cell in one view, over its repetitions and strikes. */
export interface RecoveryGroup {
  readonly rows: readonly [RecoveryRow, ...RecoveryRow[]];
  /** None of its runs is valid. */
  readonly isDoubtful: boolean;
}

/** Of the valid runs of each cell, or of all where none is; only of faults that count. */
export function recoveryGroups(results: readonly RunResult[]): readonly RecoveryGroup[] {
  const rows = recoveryRows(results).filter(({ fault }) => fault.problem === null && fault.observedMs !== null);
  const byFault = Map.groupBy(
    rows,
    ({ result, fault, view }) => `${result.run.cell.id} ${fault.fault} ${fault.kind} ${fault.target} ${view}`,
  );
  return [...byFault.values()].flatMap((all): RecoveryGroup[] => {
    const valid = all.filter(({ result }) => result.state === "valid");
    const [first, ...rest] = valid.length > 0 ? valid : all;
    return first === undefined ? [] : [{ rows: [first, ...rest], isDoubtful: valid.length === 0 }];
  });
}

/** Median with the values it is of. Censored ones stay in. */
export interface Summarized {
  readonly median: Censored | null;
  readonly n: number;
  readonly min: number;
  readonly max: Censored | null;
}

export function summarized(values: readonly (Censored | null)[]): Summarized {
  const known = values.filter((value) => value !== null);
  const open = known.filter(({ censored }) => censored);
  const longest = (among: readonly Censored[]) => among.reduce((a, b) => (b.ms > a.ms ? b : a));
  return {
    median: medianOfCensored(known),
    n: known.length,
    min: Math.min(...known.map(({ ms }) => ms)),
    max: known.length === 0 ? null : longest(open.length > 0 ? open : known),
  };
}

/** A time that was reached. */
export function exact(ms: number | null): Censored | null {
  return ms === null ? null : { ms, censored: false };
}
