import type { RuntimeSample } from "../measure/runtime-probe.ts";
import type { RuntimeUsage } from "../sweep/model.ts";

/** A line tells of the second before it: one whose middle lies in the window counts. */
const HALF_LINE_US = 500_000;
const PERCENTILE = 0.99;
/** Fewer turns of the loop say nothing about their 99th percentile. */
const LEAST_TURNS = 100;

/** What Node told of its processes in [fromUs, toUs], per role; roles of which nothing was told are not in it. */
export function runtimeUsage(
  samples: readonly RuntimeSample[],
  fromUs: number,
  toUs: number,
): ReadonlyMap<string, RuntimeUsage> {
  const byRole = Map.groupBy(
    samples.filter(({ atUs }) => atUs - HALF_LINE_US >= fromUs && atUs - HALF_LINE_US <= toUs),
    ({ role }) => roleOf(role),
  );
  return new Map([...byRole].map(([role, lines]) => [role, usageOf(lines)]));
}

/** `worker-2` → `worker`: processes that are numbered share a role. */
export function roleOf(process: string): string {
  return process.replace(/-\d+$/, "");
}

function usageOf(lines: readonly RuntimeSample[]): RuntimeUsage {
  const delays = lines.flatMap(({ loopDelaysUs }) => loopDelaysUs).sort((a, b) => a - b);
  const heapPeak = new Map<number, number>();
  for (const { pid, heapUsedBytes } of lines) heapPeak.set(pid, Math.max(heapPeak.get(pid) ?? 0, heapUsedBytes));
  return {
    heapPeakBytes: sum([...heapPeak.values()]),
    gcPauses: sum(lines.map(({ gcPauses }) => gcPauses)),
    gcPauseUs: sum(lines.map(({ gcPauseUs }) => gcPauseUs)),
    gcPauseMaxUs: lines.reduce((most, { gcPauseMaxUs }) => Math.max(most, gcPauseMaxUs), 0),
    loopDelayP99Us: delays.length < LEAST_TURNS ? null : delays[Math.ceil(delays.length * PERCENTILE) - 1]!,
    loopDelayMaxUs: delays.at(-1) ?? null,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
