import type { RunResult } from "../sweep/model.ts";

/** What measures and carries the load; everything else belongs to the system under test. */
const INSTRUMENTS: ReadonlySet<string> = new Set(["harness", "broker", "feeder", "observer"]);

/** CPU seconds of the system under test per million events sent, in the measured window; null where not measured. */
export function systemCpuPerMillion({ resources, achievedInputPerSecond, measuredMs }: RunResult): number | null {
  const own = Object.entries(resources).filter(([role]) => !INSTRUMENTS.has(role));
  if (own.length === 0 || achievedInputPerSecond === null || measuredMs === null) return null;
  const events = (achievedInputPerSecond * measuredMs) / 1000;
  return events === 0 ? null : own.reduce((sum, [, { cpuSeconds }]) => sum + cpuSeconds, 0) / (events / 1e6);
}
