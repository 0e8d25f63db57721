import type { ResolvedSweep } from "../../config/resolve.ts";
import { eventCount, loadDurationMs, offeredRatePerSecond } from "../../config/schedule.ts";
import type { Plan } from "../../sweep/plan.ts";
import { systemName } from "../../systems/command/settings.ts";
import { formatCount, formatPerSecond, formatSpan } from "./format.ts";
import { renderTable } from "./table.ts";

/** `--dry-run` for people: what would run, in which order, and how long it would take. */
export function planText(sweep: ResolvedSweep, plan: Plan, directory: string): string {
  const configs = new Map(sweep.cells.map(({ cell, config }) => [cell.id, config]));
  const heading = ["#", "block", "run", "query", "system", "rate", "load", "events"];
  const rows = plan.runs.map((run) => {
    const config = configs.get(run.cell.id)!;
    return [
      String(run.order + 1),
      String(run.block + 1),
      run.id,
      config.query,
      systemName(config.system),
      formatPerSecond(offeredRatePerSecond(config)),
      formatSpan(loadDurationMs(config)),
      formatCount(eventCount(config)),
    ];
  });
  const { name, repetitions, seed } = sweep.config;
  const { zones } = sweep.config.engine;
  const overrides = sweep.overrides.map((text) => `  --set ${text}\n`).join("");
  return [
    `${name}: ${counted(sweep.cells.length, "cell")} x ${counted(repetitions, "repetition")} = `,
    `${counted(plan.runs.length, "run")}, seed ${seed}, `,
    `about ${formatSpan(plan.estimatedMs)} (installation not counted)\n`,
    overrides,
    zones.length === 0 ? "" : `zones, which workers take in turn: ${zones.join(", ")}\n`,
    `results: ${directory}\n\n`,
    renderTable([heading, ...rows], new Set([2, 3, 4])),
  ].join("");
}

function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `--dry-run --json`. */
export function planJson(sweep: ResolvedSweep, plan: Plan, directory: string): string {
  const { config, axes, overrides, hash } = sweep;
  const runs = plan.runs.map(({ id, cell, repetition, order, block }) => ({
    id,
    cell: cell.id,
    axes: cell.axes,
    repetition,
    order,
    block,
  }));
  const estimatedSeconds = Math.round(plan.estimatedMs / 1000);
  return JSON.stringify({ name: config.name, directory, configHash: hash, axes, overrides, estimatedSeconds, runs });
}
