import { DEFAULT_JOB_OPTIONS, type JobSpec, type Replication } from "../../../engine/cluster/job-spec.ts";
import type { Isolation } from "../../../engine/ports.ts";
import { SimulatedCluster, type SimulatedClusterSettings } from "../../../engine/simulation/cluster.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { readTiny, tinySupplier } from "../simulation/tiny-rows.ts";

export interface CountClusterOptions {
  readonly seed: number;
  readonly workers: number;
  /** Rows of each of the two partitions of topic `in`. */
  readonly rows: number;
  /** Length of the windows of job module `count`, ms. */
  readonly windowMs?: number;
  readonly batchRecords?: number;
  readonly maxSteps?: number;
  readonly tamper?: SimulatedClusterSettings["tamper"];
}

/** A simulated cluster that knows the job module `count` and has its input. */
export function countCluster({ seed, workers, rows, ...options }: CountClusterOptions): SimulatedCluster {
  const { windowMs = 500, batchRecords = 50, maxSteps = 5_000_000, tamper } = options;
  return new SimulatedCluster({
    seed,
    workers,
    modules: new Map([["count", () => countJob(windowMs)]]),
    suppliers: new Map([["in", tinySupplier(2, rows, 5)]]),
    batchRecords,
    onRecord: null,
    maxSteps,
    maxVirtualUs: 120_000_000,
    ...(tamper === undefined ? {} : { tamper }),
  });
}

/** Job `j`: counts topic `in` into topic `out`, at parallelism 2, once. */
export function countSpec(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    jobId: "j",
    name: "j",
    module: "count",
    parameters: {},
    parallelism: 2,
    keyGroups: 16,
    sources: { source: { kind: "memory", brokers: [], topic: "in", partitions: 2 } },
    sinks: { sink: { kind: "memory", brokers: [], topic: "out", partitions: 2 } },
    options: DEFAULT_JOB_OPTIONS,
    bounded: true,
    ...changes,
  };
}

/** Two replicas of all but sources and sinks. */
export const REPLICATION: Replication = {
  factor: 2,
  sources: false,
  cutLog: { kind: "memory", brokers: [], topic: "cuts" },
  heartbeatIntervalUs: 500,
  heartbeatRecords: 0,
  maxLagBytes: 1 << 30,
  silentIntervals: 1000,
};

/** Rows of topic `out`, each with how often it is there. */
export function rowsOf({ topics }: SimulatedCluster, isolation: Isolation = "committed"): Map<string, number> {
  const counts = new Map<string, number>();
  for (const partition of [0, 1]) {
    for (const row of topics.records("out", partition, isolation).map(readTiny)) {
      const name = `${row.time} ${row.key} ${row.value}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

/** Kills worker `index` as soon as `delayUs` have passed since the job ran. */
export function killLater(cluster: SimulatedCluster, index: number, delayUs: number): void {
  cluster.runUntil(() => cluster.client.states.some(({ state }) => state === "running"), "running");
  cluster.universe.queue.at(cluster.universe.nowUs + delayUs, () => cluster.workers[index]!.kill());
}
