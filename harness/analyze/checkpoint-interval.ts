import type { Censored } from "../faults/result.ts";
import type { RunResult } from "../sweep/model.ts";
import { systemCpuPerMillion } from "./system-cpu.ts";

/** What a checkpoint interval costs and brings, of one valid run. */
export interface IntervalPoint {
  readonly run: string;
  readonly query: string;
  readonly system: string;
  /** All axes but the interval: cells that differ in nothing else are one series. */
  readonly others: Readonly<Record<string, unknown>>;
  readonly intervalMs: number;
  /** Before the first fault, or of the whole measured window. */
  readonly steadyP99Us: number | null;
  /** Until caught up after each fault that counts. */
  readonly recoveries: readonly Censored[];
  readonly cpuPerMillion: number | null;
}

/** Of all valid runs that take checkpoints, where some series has two intervals or more; else none. */
export function intervalPoints(results: readonly RunResult[]): readonly IntervalPoint[] {
  const points = results.flatMap((result): IntervalPoint[] => {
    const { state, checkpointIntervalMs: intervalMs, query, system, run, faults, latencyUs } = result;
    if (state !== "valid" || intervalMs === undefined) return [];
    const others = Object.entries(run.cell.axes).filter(([path]) => path !== "checkpoints.interval");
    const effects = (faults ?? []).flatMap(({ effect, problem }) =>
      effect === null || problem !== null ? [] : [effect],
    );
    const [first] = effects;
    const steadyP99Us = first === undefined ? latencyUs.p99 : first.before.p99Us;
    const recoveries = effects.flatMap(({ catchUp }) => (catchUp === null ? [] : [catchUp]));
    const cpuPerMillion = systemCpuPerMillion(result);
    const axes = Object.fromEntries(others);
    return [{ run: run.id, query, system, others: axes, intervalMs, steadyP99Us, recoveries, cpuPerMillion }];
  });
  const series = Map.groupBy(points, ({ query, system, others }) => JSON.stringify([query, system, others]));
  return [...series.values()].filter((own) => new Set(own.map(({ intervalMs }) => intervalMs)).size > 1).flat();
}
