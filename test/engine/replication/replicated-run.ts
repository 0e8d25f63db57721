import assert from "node:assert/strict";
import { Random } from "../../../base/random.ts";
import {
  DEFAULT_JOB_OPTIONS,
  type JobOptions,
  type JobSpec,
  type Replication,
} from "../../../engine/cluster/job-spec.ts";
import { byName } from "../../../engine/cluster/worker-pools.ts";
import type { LogSourceSupplier } from "../../../engine/connectors/source-supplier.ts";
import type { JobFactory } from "../../../engine/dataflow/graph.ts";
import type { World } from "../../../engine/ports.ts";
import { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { type Conditions, drawConditions } from "../../../engine/simulation/conditions.ts";
import type { ElectionConditions } from "../../../engine/simulation/election.ts";
import type { SimulatedProcess } from "../../../engine/simulation/process.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { readTiny, tinySupplier } from "../simulation/tiny-rows.ts";

const JOB = "j";

export interface ReplicatedRun {
  readonly seed: number;
  readonly job: JobFactory;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** By source of the job. */
  readonly suppliers: Readonly<Record<string, LogSourceSupplier>>;
  readonly sink: string;
  readonly parallelism: number;
  readonly workers: number;
  readonly batchRecords: number;
  readonly options?: Partial<JobOptions>;
  readonly replication?: Partial<Replication>;
  /** The world is as rough as the seed says; else calm. */
  readonly rough?: boolean;
  /** Of a world that is not rough. */
  readonly conditions?: Conditions;
  /** Events from the deployment to the death of a worker that hosts replicas only; null: none dies. */
  readonly killAfter: number | null;
  readonly maxVirtualUs?: number;
  readonly election?: ElectionConditions;
  readonly zoneOf?: (worker: string) => string;
  readonly tamper?: (world: World, process: string) => World;
  /** Runs when the kill would, instead of it. */
  readonly strike?: (cluster: SimulatedCluster) => void;
}

export interface ReplicatedResult {
  readonly cluster: SimulatedCluster;
  /** Everything that the sink wrote. */
  readonly rows: readonly Uint8Array[];
  /** Replicas that the coordinator gave up. */
  readonly lostReplicas: number;
  /** Events from the deployment to the end. */
  readonly steps: number;
  readonly killed: boolean;
}

export function specOf(run: ReplicatedRun): JobSpec {
  const memory = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  return {
    jobId: JOB,
    name: JOB,
    module: JOB,
    parameters: run.parameters ?? {},
    parallelism: run.parallelism,
    keyGroups: 16,
    sources: Object.fromEntries(
      Object.entries(run.suppliers).map(([id, { partitions }]) => [id, memory(id, partitions)]),
    ),
    sinks: { [run.sink]: memory("out", 1) },
    options: { ...DEFAULT_JOB_OPTIONS, ...run.options },
    bounded: true,
    replication: {
      factor: 2,
      sources: false,
      cutLog: { kind: "memory", brokers: [], topic: "cuts" },
      heartbeatIntervalUs: 1000,
      heartbeatRecords: 100,
      maxLagBytes: 1 << 30,
      silentIntervals: 1000,
      ...run.replication,
    },
  };
}

export function clusterFor(run: ReplicatedRun): SimulatedCluster {
  return new SimulatedCluster({
    seed: run.seed,
    workers: run.workers,
    modules: new Map([[JOB, run.job]]),
    suppliers: new Map(Object.entries(run.suppliers)),
    batchRecords: run.batchRecords,
    onRecord: null,
    ...(run.rough ? { conditions: drawConditions(new Random(run.seed)) } : {}),
    ...(run.conditions === undefined ? {} : { conditions: run.conditions }),
    ...(run.election === undefined ? {} : { election: run.election }),
    ...(run.zoneOf === undefined ? {} : { zoneOf: run.zoneOf }),
    ...(run.tamper === undefined ? {} : { tamper: run.tamper }),
    maxSteps: 20_000_000,
    maxVirtualUs: run.maxVirtualUs ?? 60_000_000,
  });
}

/** Runs the job to its end; fails unless it finishes. */
export function runReplicated(run: ReplicatedRun): ReplicatedResult {
  const cluster = clusterFor(run);
  const { client, universe } = cluster;
  client.submit(specOf(run), run.workers);
  const state = () => client.stateOf(JOB)?.state;
  cluster.runUntil(() => state() !== undefined && state() !== "created", "deployment");
  const from = universe.queue.steps;
  let killed = false;
  if (run.killAfter !== null) {
    const at = from + run.killAfter;
    cluster.runUntil(() => client.hasEnded(JOB) || universe.queue.steps >= at, "kill");
    killed = !client.hasEnded(JOB);
    if (killed && run.strike !== undefined) run.strike(cluster);
    else if (killed) killReplica(cluster, run);
  }
  cluster.runUntil(() => client.hasEnded(JOB), "end of the job");
  const end = client.stateOf(JOB)!;
  assert.equal(end.state, "finished", `seed ${run.seed}: ${end.failure?.message}`);
  assert.equal(client.states.filter((message) => message.state === "restarting").length, 0);
  return {
    cluster,
    rows: cluster.topics.records("out", 0),
    lostReplicas: universe.journal.filter(({ event }) => event === "replicaLost").length,
    steps: universe.queue.steps - from,
    killed,
  };
}

/** Workers in the order in which they get tasks, of those that were there at the first deployment: the first ones host what has no replica. */
export function workersByTurn({ client, universe, workers }: SimulatedCluster): readonly SimulatedProcess[] {
  const deployed = client.states.find(({ state }) => state === "deploying");
  const there = universe.journal.filter(({ event, timeUs }) => {
    return event === "workerRegistered" && timeUs <= (deployed?.atUs ?? Number.POSITIVE_INFINITY);
  });
  return byName(there.map(({ facts }) => ({ worker: String(facts.worker) }))).map(
    ({ worker }) => workers.find(({ name }) => name === worker)!,
  );
}

function killReplica(cluster: SimulatedCluster, run: ReplicatedRun): void {
  const victims = workersByTurn(cluster).slice(1);
  victims[new Random(run.seed).below(victims.length)]!.kill();
}

/** Rows of each of the two partitions that `windowRun` reads, of `WINDOW_KEYS` keys; windows of `WINDOW_MS`. */
export const WINDOW_ROWS = 200;
const WINDOW_KEYS = 7;
const WINDOW_MS = 100;

/** Counts rows by window; its rows are `windowCounts()`. */
export const windowRun = (seed: number): ReplicatedRun => ({
  seed,
  job: () => countJob(WINDOW_MS),
  suppliers: { source: tinySupplier(2, WINDOW_ROWS, WINDOW_KEYS) },
  sink: "sink",
  parallelism: 2,
  workers: 3,
  batchRecords: 20,
  killAfter: null,
});

/** What comes out, as `windowCounts` writes it. */
export const windowLines = (rows: readonly Uint8Array[]) =>
  rows.map((row) => {
    const { key, value, time } = readTiny(row);
    return `${key} ${value} ${time}`;
  });

/** Window counts computed without an engine, sorted. */
export function windowCounts(): string[] {
  const counts = new Map<string, number>();
  for (let number = 0; number < WINDOW_ROWS * 2; number++) {
    const name = `${number % WINDOW_KEYS} ${(Math.floor(number / WINDOW_MS) + 1) * WINDOW_MS}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => name.replace(" ", ` ${count} `)).toSorted();
}

/** KaZoo with a lease that fits simulated time, and the election for it. */
export const KAZOO = {
  merge: "kaZoo",
  orderLog: { kind: "memory", brokers: [], topic: "orders" },
  leaseUs: 50_000,
} as const satisfies Partial<Replication>;
export const ELECTION: ElectionConditions = { latencyUs: { min: 100, max: 2_000 }, sessionUs: 30_000 };
