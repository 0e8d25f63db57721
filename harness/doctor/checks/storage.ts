import { resolve } from "node:path";
import { formatBytes } from "../../cli/progress/format-bytes.ts";
import { type CheckResult, missing, ok, required } from "../check.ts";
import { type Machine, nearestExisting } from "../machine.ts";

/** A folder that a campaign writes to, and what it needs there. */
export interface Place {
  readonly id: string;
  readonly title: string;
  readonly path: string;
  readonly needBytes: number;
  /** How to choose another one. */
  readonly instead: string;
}

/** Can the folder, or the nearest one above it, be written, and is there room enough? */
export function checkPlace(machine: Machine, { id, title, path, needBytes, instead }: Place): CheckResult {
  const existing = nearestExisting(path);
  if (!machine.canWrite(existing)) {
    return required(missing(id, title, `${existing} cannot be written`, `without it: no run; ${instead}`));
  }
  const free = machine.freeBytes(existing);
  const found = `${formatBytes(free)} free at ${resolve(path)}`;
  if (free >= needBytes) return required(ok(id, title, `${found}, ${formatBytes(needBytes)} needed`));
  const cost = `without ${formatBytes(needBytes)}: the disk fills up in mid-run; free some space, or ${instead}`;
  return required(missing(id, title, found, cost));
}
