import { tmpdir } from "node:os";
import { FaultlineError } from "../../base/errors.ts";
import { formatBytes } from "../cli/progress/format-bytes.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { type Machine, nearestExisting, realMachine } from "./machine.ts";
import { campaignNeeds } from "./needs.ts";
import { placesOf } from "./places.ts";

export type Disk = Pick<Machine, "canWrite" | "freeBytes">;

/**
 * Before anything starts: can the results folder and the temporary folder be written, and have their disks room for the
 * campaign? Throws `output-unwritable` or `disk-full`.
 */
export function checkRoom(
  sweep: ResolvedSweep,
  results: string,
  { disk = realMachine(process.env), temporary = tmpdir() }: { readonly disk?: Disk; readonly temporary?: string } = {},
): void {
  const needs = campaignNeeds(sweep);
  for (const place of placesOf({ results, cache: null, temporary, needs })) {
    if (place.needBytes === 0) continue; // an external cluster keeps its data elsewhere
    const existing = nearestExisting(place.path);
    const hint = `${place.instead[0]!.toUpperCase()}${place.instead.slice(1)}`;
    if (!disk.canWrite(existing)) {
      throw new FaultlineError("output-unwritable", `the ${place.title} cannot be written: ${existing}`, {
        hint: `${hint}.`,
        context: { path: place.path },
      });
    }
    const freeBytes = disk.freeBytes(existing);
    if (freeBytes < place.needBytes) {
      const sizes = `${formatBytes(freeBytes)} are free and about ${formatBytes(place.needBytes)} needed`;
      throw new FaultlineError("disk-full", `not enough room in the ${place.title} ${place.path}: ${sizes}`, {
        hint: `Free some space, shorten the campaign, or ${place.instead}.`,
        context: { path: place.path, freeBytes, needBytes: place.needBytes },
      });
    }
  }
}
