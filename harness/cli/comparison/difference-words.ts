import type { Comparison } from "../../analyze/compare/comparison.ts";
import { DIFFERENCE_KINDS, type Difference } from "../../analyze/compare/differences.ts";

/** Cells that are named; of more, only how many. */
const MOST_CELLS = 3;
/** Lines of one kind; of more, only how many. */
const MOST_LINES = 10;

export const NO_COMMON_CELL = "They have no cell in common. Choose cells that differ in an axis only: DIR@axis=value.";

/** In what two sides differ, a line each: cells that one side lacks summed up, and not more lines than anybody would read. */
export function differenceLines(differences: readonly Difference[]): string[] {
  return DIFFERENCE_KINDS.flatMap((kind) => {
    const found = differences.filter((difference) => difference.kind === kind);
    if (kind === "cells") return cellLines(found);
    const lines = found.map(({ what, a, b }) => `${kind}: ${what || "the cell"}: ${a} in A, ${b} in B`);
    const more = lines.length - MOST_LINES;
    return more > 1 ? [...lines.slice(0, MOST_LINES), `${kind}: and ${more} more`] : lines;
  });
}

function cellLines(found: readonly Difference[]): string[] {
  const onlyIn = (side: "a" | "b") =>
    found.filter((difference) => difference[side] !== "missing").map(({ what }) => what);
  return (["a", "b"] as const).flatMap((side) => {
    const cells = onlyIn(side);
    if (cells.length === 0) return [];
    return [
      `cells: ${cells.length === 1 ? "1 is" : `${cells.length} are`} in ${side.toUpperCase()} only: ${names(cells)}`,
    ];
  });
}

/** Gates without numbers on either side, a line a metric. */
export function notMeasuredLines(lacking: Comparison["notMeasured"]): string[] {
  return [...Map.groupBy(lacking, ({ metric }) => metric)].map(
    ([metric, entries]) => `${metric} of ${names(entries.map(({ cell }) => cell))}: not measured`,
  );
}

function names(cells: readonly string[]): string {
  const shown = cells.map((cell) => cell || "the cell");
  const more = shown.length - MOST_CELLS;
  return more > 1 ? `${shown.slice(0, MOST_CELLS).join(", ")} and ${more} more` : shown.join(", ");
}
