import type { MachineSample } from "../measure/sampler.ts";
import type { MachineLoad, RoleUsage, RunResult } from "../sweep/model.ts";
import type { MeasuredWindow } from "./window.ts";

/**
 * What others took of the machine in the measured window: its busy CPU time less that of the run's own processes (`resources`). The kernel
 * counts in steps of 10 ms, so a little less than nothing counts as nothing. Absent without samples at both ends.
 */
export function machineLoad(
  samples: readonly MachineSample[],
  resources: Readonly<Record<string, RoleUsage>>,
  window: MeasuredWindow | null,
): Pick<RunResult, "machine"> {
  if (window === null) return {};
  const inside = samples.filter(({ atUs }) => atUs >= window.fromUs && atUs <= window.toUs);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined || last.atUs === first.atUs) return {};
  const percent = (ms: number, us: number) => (ms * 1000 * 100) / us;
  const lengthUs = last.atUs - first.atUs;
  const own = Object.values(resources).reduce((sum, { cpuPercent }) => sum + cpuPercent, 0);
  const foreign = percent(last.busyMs - first.busyMs, lengthUs) - own;
  const machine: MachineLoad = {
    foreignCpuPercent: Number(Math.max(0, foreign).toFixed(1)),
    stolenCpuPercent: Number(percent(last.stolenMs - first.stolenMs, lengthUs).toFixed(1)),
  };
  return { machine };
}
