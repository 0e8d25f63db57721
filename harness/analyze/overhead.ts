import type { RunResult } from "../sweep/model.ts";
import { systemCpuPerMillion } from "./system-cpu.ts";

/** One run with fault tolerance over the run without it, of the same block. */
export interface OverheadPair {
  readonly query: string;
  readonly system: string;
  /** What distinguishes the cell with fault tolerance, as axes. */
  readonly variant: Readonly<Record<string, unknown>>;
  readonly block: number;
  readonly run: string;
  readonly base: string;
  /** With / without; null where one of them has none. */
  readonly cpu: number | null;
  readonly p99: number | null;
}

const TAKES_CHECKPOINTS = /^(passive|active)$/;
/** Axes that are about fault tolerance; cells that are alike but for these are compared. */
const OWN = /^(recovery|guarantee|checkpoints|restart|replication)(\.|$)/;

/**
 * Pairs every valid run that takes checkpoints with the valid run without any, of the same block and otherwise equal cell. Only runs in
 * which nothing was broken on purpose: recovery is no overhead.
 */
export function overheadPairs(results: readonly RunResult[]): readonly OverheadPair[] {
  const whole = results.filter(({ state, faults }) => state === "valid" && faults === undefined);
  const bases = Map.groupBy(
    whole.filter(({ recovery, guarantee }) => !TAKES_CHECKPOINTS.test(recovery ?? "") && guarantee !== "exactly-once"),
    keyOf,
  );
  return whole.flatMap((result): OverheadPair[] => {
    if (result.checkpointIntervalMs === undefined) return [];
    const base = bases.get(keyOf(result))?.[0];
    if (base === undefined) return [];
    const variant = Object.fromEntries(Object.entries(result.run.cell.axes).filter(([path]) => OWN.test(path)));
    const of = { query: result.query, system: result.system, variant, block: result.run.block };
    return [
      {
        ...of,
        run: result.run.id,
        base: base.run.id,
        cpu: ratio(systemCpuPerMillion(result), systemCpuPerMillion(base)),
        p99: ratio(result.latencyUs.p99, base.latencyUs.p99),
      },
    ];
  });
}

function keyOf({ query, system, run, offeredPerSecond }: RunResult): string {
  const others = Object.entries(run.cell.axes).filter(([path]) => !OWN.test(path));
  return JSON.stringify([query, system, offeredPerSecond, run.block, others]);
}

function ratio(value: number | null, base: number | null): number | null {
  return value === null || base === null || base === 0 ? null : value / base;
}
