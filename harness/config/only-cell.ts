import { createHash } from "node:crypto";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import { nearest } from "./nearest.ts";
import type { ResolvedSweep } from "./resolve.ts";

const SHOWN_IDS = 12;

/** The sweep with one cell only, for `command`: the named one, or the only one there is. Throws `usage` otherwise. */
export function onlyCell(
  sweep: ResolvedSweep,
  id: string | undefined,
  command: "run" | "capacity" = "run",
): ResolvedSweep {
  const ids = sweep.cells.map(({ cell }) => cell.id);
  if (id === undefined && ids.length === 1) return sweep;
  const listed = listOf(ids);
  if (id === undefined) {
    const axes = sweep.axes.map((axis) => axis.name).join(", ");
    throw new FaultlineError("usage", `the config has ${ids.length} cells (axes: ${axes}), and ${command} takes one`, {
      hint: `Choose one with --cell (${listed}), ${command === "run" ? `fix the axes with --set, or run all: ${benchLine`sweep`}` : "or fix the axes with --set"}.`,
    });
  }
  const chosen = sweep.cells.find(({ cell }) => cell.id === id);
  if (chosen === undefined) {
    throw new FaultlineError("usage", `no cell "${id}"`, { hint: likelyCells(id, ids) });
  }
  const hash = createHash("sha256").update(`${sweep.hash} ${id}`).digest("hex");
  return Object.freeze({ ...sweep, config: chosen.config, cells: [chosen], hash });
}

/** Part of a name stands for all names that have it; else a slip of the keys is the likeliest. */
function likelyCells(id: string, ids: readonly string[]): string {
  const part = id.toLowerCase();
  const having = part === "" ? [] : ids.filter((known) => known.toLowerCase().includes(part));
  if (having.length === 1) return `Did you mean "${having[0]}"?`;
  if (having.length > 1) return `${having.length} cells have "${id}" in their names: ${listOf(having)}.`;
  const meant = nearest(id, ids);
  return meant === null ? `The cells are ${listOf(ids)}.` : `Did you mean "${meant}"?`;
}

function listOf(ids: readonly string[]): string {
  const more = ids.length - SHOWN_IDS;
  return more > 1 ? `${ids.slice(0, SHOWN_IDS).join(", ")} and ${more} more` : ids.join(", ");
}
