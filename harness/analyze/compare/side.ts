import { FaultlineError } from "../../../base/errors.ts";
import { axisText } from "../../report/format.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { Campaign } from "./campaign.ts";

/** What one side of a comparison is taken from: a results folder, or the cells of it that have these values on these axes. */
export interface Operand {
  readonly folder: string;
  readonly axes: Readonly<Record<string, string>>;
}

/** `reports/x`, or `reports/x@system=flink,load.rate=10k/s`. Throws `usage`. */
export function parseOperand(text: string): Operand {
  const at = text.lastIndexOf("@");
  const selection = at < 0 ? "" : text.slice(at + 1);
  // A folder may have an @ in its name: what follows is a selection only where it looks like one.
  if (!selection.includes("=")) return { folder: text, axes: {} };
  const axes: Record<string, string> = {};
  for (const part of selection.split(",")) {
    const [path = "", ...value] = part.split("=");
    if (path === "" || value.length === 0) {
      throw new FaultlineError("usage", `${text}: "${part}" is no axis=value`, {
        hint: "Choose cells of a folder like this: DIR@system=bundled,load.rate=10k/s",
      });
    }
    axes[path] = value.join("=");
  }
  return { folder: text.slice(0, at), axes };
}

/** One cell on one side. */
export interface SideCell {
  /** The axes that were not chosen: equal on both sides. */
  readonly key: string;
  readonly label: string;
  readonly config: unknown;
  readonly runs: readonly RunResult[];
}

export interface Side {
  readonly campaign: Campaign;
  readonly chosen: Operand["axes"];
  readonly cells: ReadonlyMap<string, SideCell>;
}

/** The cells of a campaign that an operand chooses. Throws `usage` when there are none, or several that nothing tells apart. */
export function sideOf(campaign: Campaign, { axes: chosen }: Operand): Side {
  const { folder, manifest, results } = campaign;
  const runsByCell = Map.groupBy(results, ({ run }) => run.cell.id);
  const cells = new Map<string, SideCell>();
  const planned = new Map(manifest.order.map(({ cell }) => [cell.id, cell]));
  for (const id of Object.keys(manifest.cells)) {
    const cell = planned.get(id);
    if (cell === undefined || !Object.entries(chosen).every(([path, value]) => isValue(cell.axes[path], value)))
      continue;
    const rest = Object.entries(cell.axes).filter(([path]) => !Object.hasOwn(chosen, path));
    const key = JSON.stringify(rest.sort(([x], [y]) => (x < y ? -1 : 1)));
    if (cells.has(key)) throw new FaultlineError("usage", `${folder}: two cells are chosen by the same values`);
    const label = rest.map(([path, value]) => axisLabel(path, value)).join(" ");
    cells.set(key, { key, label, config: manifest.cells[cell.id], runs: runsByCell.get(cell.id) ?? [] });
  }
  if (cells.size === 0) {
    const wanted = Object.entries(chosen).map(([path, value]) => `${path}=${value}`);
    const has = (manifest.axes ?? []).map(({ name, values }) => `${name}: ${values.map(axisText).join(", ")}`);
    throw new FaultlineError("usage", `${folder} has no cell with ${wanted.join(", ")}`, {
      hint: has.length === 0 ? "That sweep has no axes." : `Its axes are ${has.join("; ")}.`,
    });
  }
  return { campaign, chosen, cells };
}

function isValue(value: unknown, text: string): boolean {
  return value !== undefined && (axisText(value) === text || JSON.stringify(value) === text);
}

/** `q5`, `rate 10k/s`. */
function axisLabel(path: string, value: unknown): string {
  return path === "query" || path === "system" ? axisText(value) : `${path.split(".").at(-1)} ${axisText(value)}`;
}
