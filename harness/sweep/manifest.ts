import { isAbsolute, relative } from "node:path";
import type { ResolvedSweep } from "../config/resolve.ts";
import type { Plan } from "./plan.ts";
import type { Provenance } from "./provenance.ts";
import type { WantedSweep } from "./same-sweep.ts";
import type { Manifest } from "./store.ts";

/** The manifest of a new sweep. `cwd`: the config's path is stored relative to it. */
export function buildManifest(
  sweep: ResolvedSweep,
  plan: Plan,
  facts: { readonly provenance: Provenance; readonly createdMs: number; readonly cwd: string; readonly pid: number },
  kind?: Manifest["kind"],
): Manifest {
  const { config, axes, document } = sweep;
  return {
    version: 1,
    ...sweepIdentity(sweep, kind),
    sweepId: `faultline-${facts.createdMs.toString(36)}-${facts.pid.toString(36)}`,
    name: config.name,
    createdAt: new Date(facts.createdMs).toISOString(),
    config,
    axes,
    configFile: isAbsolute(document.file) ? relative(facts.cwd, document.file) : document.file,
    seed: config.seed,
    order: plan.runs,
    provenance: facts.provenance,
  };
}

/** What tells a sweep from others: its folder is found again by it. */
export function sweepIdentity(
  { cells, document, overrides, hash }: ResolvedSweep,
  kind?: Manifest["kind"],
): WantedSweep {
  return {
    ...(kind === undefined ? {} : { kind }),
    cells: Object.fromEntries(cells.map(({ cell, config }) => [cell.id, config])),
    configHash: hash,
    configText: document.text,
    overrides,
  };
}

/** `latency-20250131-174502`, local time. */
export function resultsFolderName(name: string, nowMs: number): string {
  const now = new Date(nowMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${name}-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
