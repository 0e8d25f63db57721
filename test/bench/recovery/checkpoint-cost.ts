import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "../../../base/clock.ts";
import type { RecoveryCluster } from "./cluster.ts";
import type { Load } from "./load.ts";

const POLL_MS = 100;
/** A window begins so long before its checkpoint. */
const LEAD_MS = 1_000;
const SECOND_US = 1_000_000;

interface Sample {
  readonly atUs: number;
  readonly cpuS: number;
  readonly outputs: number;
}

/** CPU of the workers per event, µs: in a window with a checkpoint, and in those before and after it, which have none, on average. */
export interface CostPair {
  readonly withCheckpoint: number;
  readonly without: number;
}

/** Latency of the outputs of one second, ms. */
export interface SecondOfLatency {
  readonly inCheckpoint: boolean;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface CheckpointCost {
  readonly pairs: readonly CostPair[];
  readonly seconds: readonly SecondOfLatency[];
}

/**
 * Of a job whose checkpoints are twice `windowMs` apart: windows with one checkpoint and windows without in turn, in the same processes
 * and under the same load, so that whatever else the machine does meanwhile falls on both. Each window with a checkpoint is compared with
 * its two neighbours, so that a trend, as of code that is still being compiled, falls out; the first has only one and does not count.
 */
export async function measureCost(
  cluster: RecoveryCluster,
  load: Load,
  count: number,
  windowMs: number,
): Promise<CheckpointCost> {
  const samples: Sample[] = [];
  const latencies = new Map<number, number[]>();
  const fromUs = monotonicUs();
  const isDone = () => completeSince(cluster, fromUs).length > count + 1;
  const limitUs = fromUs + (count + 5) * 2 * windowMs * 1000;
  let outputs = 0;
  load.take();
  while (!isDone()) {
    if (monotonicUs() > limitUs) throw new Error("checkpoints did not complete in time");
    await sleep(POLL_MS);
    for (const { atUs, sentUs } of load.take()) {
      outputs++;
      const second = Math.floor(atUs / SECOND_US);
      const known = latencies.get(second);
      if (known === undefined) latencies.set(second, [atUs - sentUs]);
      else known.push(atUs - sentUs);
    }
    samples.push({ atUs: monotonicUs(), cpuS: cluster.cpuS, outputs });
  }
  const complete = completeSince(cluster, fromUs);
  const pairs = complete.slice(1, count + 1).map(({ triggeredUs }): CostPair => {
    const startUs = triggeredUs - LEAD_MS * 1000;
    const windowUs = windowMs * 1000;
    const before = cpuPerEvent(samples, startUs - windowUs, startUs);
    const after = cpuPerEvent(samples, startUs + windowUs, startUs + 2 * windowUs);
    return { withCheckpoint: cpuPerEvent(samples, startUs, startUs + windowUs), without: (before + after) / 2 };
  });
  const seconds = [...latencies].map(([second, us]): SecondOfLatency => {
    const sorted = us.toSorted((a, b) => a - b);
    const overlaps = complete.some(
      ({ triggeredUs, endedUs }) => triggeredUs < (second + 1) * SECOND_US && endedUs >= second * SECOND_US,
    );
    return {
      inCheckpoint: overlaps,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)]! / 1000,
      maxMs: sorted.at(-1)! / 1000,
    };
  });
  return { pairs, seconds };
}

function completeSince(cluster: RecoveryCluster, fromUs: number) {
  const sinceUs = fromUs + LEAD_MS * 1000;
  return cluster.checkpoints.filter(({ outcome, triggeredUs }) => outcome === "completed" && triggeredUs > sinceUs);
}

function cpuPerEvent(samples: readonly Sample[], fromUs: number, toUs: number): number {
  const inside = samples.filter(({ atUs }) => atUs >= fromUs && atUs <= toUs);
  const [first, last] = [inside[0]!, inside.at(-1)!];
  return ((last.cpuS - first.cpuS) * 1e6) / (last.outputs - first.outputs);
}
