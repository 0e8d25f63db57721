import type { RunResult } from "../sweep/model.ts";

/** What measures and carries the load; everything else belongs to the system under test. */
const INSTRUMENTS: ReadonlySet<string> = new Set(["harness", "broker", "feeder", "observer"]);

/** CPU seconds of the system under test per million events sent, in the measured window; null where not measured. */
export function systemCpuPerMillion(result: RunResult): number | null {
  const own = Object.entries(result.resources).filter(([role]) => !INSTRUMENTS.has(role));
  const events = eventsSent(result);
  if (own.length === 0 || events === null) return null;
  return own.reduce((sum, [, { cpuSeconds }]) => sum + cpuSeconds, 0) / (events / 1e6);
}

/** Events sent in the measured window; null when not measured, or none. */
export function eventsSent({ achievedInputPerSecond, measuredMs }: RunResult): number | null {
  if (achievedInputPerSecond === null || measuredMs === null) return null;
  return (achievedInputPerSecond * measuredMs) / 1000 || null;
}
