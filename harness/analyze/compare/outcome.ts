import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import type { Comparison, Row } from "./comparison.ts";
import { commonCells } from "./series.ts";

export interface Outcome {
  readonly verdict: "regression" | "cannot tell" | "no regression";
  readonly exitCode: ExitCode;
  readonly reasons: readonly string[];
}

/**
 * A regression (6) when a gate is worse or B broke its guarantee; cannot tell (5) when a gate cannot tell, or there is none: no data never
 * passes; else 0.
 */
export function outcomeOf(comparison: Comparison): Outcome {
  const { rows, broken, notMeasured, options } = comparison;
  const gates = rows.filter(({ gate }) => gate);
  const worse = [
    ...broken.map((cell) => `${cell}: B broke its guarantee, A did not`),
    ...gates.filter(({ verdict }) => verdict === "worse").map(nameOf),
  ];
  if (worse.length > 0) return { verdict: "regression", exitCode: EXIT.threshold, reasons: worse };
  const cells = commonCells(comparison.a, comparison.b);
  const unclear = [
    ...gates.filter(({ verdict }) => verdict === "cannot tell").map(nameOf),
    ...(options.gates === null ? [] : notMeasured.map(({ cell, metric }) => `${nameIn(cell, metric)}, not measured`)),
    ...cells
      .filter(({ label }) => !gates.some(({ cell }) => cell === label))
      .map(({ label }) => `${label || "the cell"}: no valid run with numbers`),
    ...(cells.length === 0 ? ["no cell is on both sides"] : []),
  ];
  if (unclear.length > 0) return { verdict: "cannot tell", exitCode: EXIT.runInvalid, reasons: unclear };
  return { verdict: "no regression", exitCode: EXIT.ok, reasons: [] };
}

function nameOf({ cell, metric }: Row): string {
  return nameIn(cell, metric.name);
}

function nameIn(cell: string, metric: string): string {
  return cell === "" ? metric : `${metric} of ${cell}`;
}
