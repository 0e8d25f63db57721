import { createHash } from "node:crypto";
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
  const listed = `${ids.slice(0, SHOWN_IDS).join(", ")}${ids.length > SHOWN_IDS ? ", …" : ""}`;
  if (id === undefined) {
    const axes = sweep.axes.map((axis) => axis.name).join(", ");
    throw new FaultlineError("usage", `the config has ${ids.length} cells (axes: ${axes}), and ${command} takes one`, {
      hint: `Choose one with --cell (${listed}), ${command === "run" ? "fix the axes with --set, or use bench sweep" : "or fix the axes with --set"}.`,
    });
  }
  const chosen = sweep.cells.find(({ cell }) => cell.id === id);
  if (chosen === undefined) {
    const meant = nearest(id, ids);
    throw new FaultlineError("usage", `no cell "${id}"`, {
      hint: meant === null ? `The cells are ${listed}.` : `Did you mean "${meant}"?`,
    });
  }
  const hash = createHash("sha256").update(`${sweep.hash} ${id}`).digest("hex");
  return Object.freeze({ ...sweep, config: chosen.config, cells: [chosen], hash });
}
