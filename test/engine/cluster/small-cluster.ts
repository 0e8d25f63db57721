import type { JobSpec } from "../../../engine/cluster/job-spec.ts";
import type { JobState } from "../../../engine/cluster/messages.ts";
import type { ConnectionHandler } from "../../../engine/ports.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countCluster, countSpec } from "./count-cluster.ts";

/** Far more rows than any of these tests gets through. */
const ENDLESS = 1_000_000_000;

export function startCluster(workers = 2, rows = ENDLESS, seed = 1): SimulatedCluster {
  return countCluster({ seed, workers, rows, windowMs: 1000, batchRecords: 20, maxSteps: 2_000_000 });
}

export const specOf = (changes: Partial<JobSpec> = {}) => countSpec({ bounded: false, ...changes });

export function runTo(cluster: SimulatedCluster, state: JobState, jobId = "j"): void {
  cluster.runUntil(() => cluster.client.states.some((seen) => seen.jobId === jobId && seen.state === state), state);
}

export function pass(cluster: SimulatedCluster, timeUs: number): void {
  const untilUs = cluster.universe.nowUs + timeUs;
  let passed = false;
  cluster.universe.queue.at(untilUs, () => {
    passed = true;
  });
  cluster.runUntil(() => passed, "time");
}

/** Hears nothing and says nothing. */
export const NOBODY: ConnectionHandler = { onMessage: () => {}, onDrain: () => {}, onClosed: () => {} };
