import type { RunResult } from "../sweep/model.ts";

/** What measures and carries the load; everything else belongs to the system under test. */
export const INSTRUMENTS: ReadonlySet<string> = new Set(["harness", "broker", "feeder", "observer", "link-proxy"]);

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

/** Bytes that the system under test wrote per event sent, in the measured window: sockets, pipes and files; null where not told of all its processes. */
export function systemBytesPerEvent(result: RunResult): number | null {
  const own = Object.entries(result.resources).filter(([role]) => !INSTRUMENTS.has(role));
  const written = own.map(([, { writtenBytes }]) => writtenBytes);
  const events = eventsSent(result);
  if (own.length === 0 || events === null || written.some((bytes) => bytes === undefined)) return null;
  return written.reduce<number>((sum, bytes) => sum + bytes!, 0) / events;
}
