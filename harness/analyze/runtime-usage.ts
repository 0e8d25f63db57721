import type { RuntimeSample } from "../measure/runtime-probe.ts";
import type { RuntimeUsage } from "../sweep/model.ts";

/** A line tells of the second before it: one whose middle lies in the window counts. */
const HALF_LINE_US = 500_000;
const PERCENTILE = 0.99;
/** Lines come every second, a little later when the process is busy. */
const HEAP_AGE_US = 2_000_000;
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

/**
 * Role → heap in use at the end of each of `seconds` seconds from `startUs`: the last line of each process by then that is no older than two
 * seconds, added up. null: none is there.
 */
export function heapSeries(
  samples: readonly RuntimeSample[],
  startUs: number,
  seconds: number,
): ReadonlyMap<string, readonly (number | null)[]> {
  const byRole = Map.groupBy(samples, ({ role }) => roleOf(role));
  return new Map(
    [...byRole].map(([role, lines]) => {
      const heaps = new Array<number | null>(seconds).fill(null);
      for (const own of Map.groupBy(lines, ({ pid }) => pid).values()) addHeaps(heaps, own, startUs);
      return [role, heaps];
    }),
  );
}

/** Of one process, in time order. */
function addHeaps(heaps: (number | null)[], lines: readonly RuntimeSample[], startUs: number): void {
  let next = 0;
  for (const second of heaps.keys()) {
    const endUs = startUs + (second + 1) * 1e6;
    while (next < lines.length && lines[next]!.atUs <= endUs) next++;
    const last = lines[next - 1];
    if (last === undefined || last.atUs < endUs - HEAP_AGE_US) continue;
    heaps[second] = (heaps[second] ?? 0) + last.heapUsedBytes;
  }
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
