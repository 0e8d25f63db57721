import { isDeepStrictEqual } from "node:util";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { Manifest } from "./store.ts";

/** What makes two manifests those of one sweep. */
export type WantedSweep = Pick<Manifest, "kind" | "cells" | "configHash" | "configText" | "overrides">;

/**
 * Throws `usage` unless the two manifests are of the same sweep: the same config as written, whatever defaults a later version has
 * added. A version that gives a setting of the begun sweep another value cannot continue it: its runs could not be compared.
 */
export function refuseOther(directory: string, existing: Manifest, wanted: WantedSweep): void {
  if (existing.kind !== wanted.kind) {
    const begun = `bench ${existing.kind ?? "sweep"}`;
    throw new FaultlineError("usage", `${directory} was begun by ${begun}`, { hint: "Choose another --out." });
  }
  const isSameText =
    existing.configText === wanted.configText && isDeepStrictEqual(existing.overrides, wanted.overrides);
  if (!isSameText && existing.configHash !== wanted.configHash) {
    throw new FaultlineError("usage", `${directory} holds the results of another config (${existing.name})`, {
      hint: `Choose another --out, or continue that sweep as it was begun: ${benchLine`sweep --resume ${directory}`}, without a config and --set.`,
      context: { found: existing.configHash, wanted: wanted.configHash },
    });
  }
  const changed = changedSetting(existing.cells, wanted.cells);
  if (changed === null) return;
  const { faultline, commit } = existing.provenance;
  const version = commit === null ? faultline : `${faultline}, commit ${commit.slice(0, 8)}`;
  throw new FaultlineError("usage", `${directory} was begun with another version (${version}): ${changed}`, {
    hint: "Finish it with that version, or start a new sweep with another --out.",
  });
}

/** The first setting of the begun sweep that has another value now; settings that are new do not count. */
function changedSetting(before: Manifest["cells"], now: Manifest["cells"]): string | null {
  for (const [id, cell] of Object.entries(before)) {
    if (!Object.hasOwn(now, id)) return `it has no cell ${id} now`;
    const found = difference(cell, now[id], "");
    if (found !== null) return found;
  }
  return null;
}

function difference(before: unknown, now: unknown, path: string): string | null {
  if (!isMapping(before) || !isMapping(now)) {
    if (isDeepStrictEqual(before, now)) return null;
    return `${path} was ${JSON.stringify(before)} and is ${JSON.stringify(now) ?? "gone"} now`;
  }
  for (const [key, value] of Object.entries(before)) {
    const found = difference(value, now[key], path === "" ? key : `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
