import { present } from "../../base/assert.ts";
import { asFaultlineError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import type { JobSpec, Replication } from "../../engine/cluster/job-spec.ts";
import { placeTasks } from "../../engine/cluster/placement.ts";
import { planOfJob } from "../../engine/cluster/plan-of-job.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { SINK_ID } from "../../queries/job-ids.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import { GeneratorSupplier } from "../systems/generator-supplier.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { parseRow } from "../verify/typed-value.ts";
import { wrongRows } from "./compare.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";
import { inputOf } from "./input.ts";
import { StoredSupplier } from "./stored-supplier.ts";

/** A simulated run with replicas, some of which die. */
export interface ReplicatedRun {
  readonly run: DrawnRun;
  readonly workers: number;
  readonly replication: Replication;
  /** Events from the deployment to the death of a worker that hosts nothing but replicas, for each death; fewer than there are replicas. */
  readonly killAfter: readonly number[];
}

export interface ReplicatedResult {
  readonly traceHash: string;
  /** What went wrong, or null. */
  readonly problem: string | null;
  /** Result rows that were compared. */
  readonly rows: number;
  /** Workers that died while the job ran. */
  readonly killed: number;
  /** Events of the simulation. */
  readonly steps: number;
  readonly traceTail: readonly string[];
}

const JOB_ID = "simulated";
const CUT_LOG = "cut-log";
const MAX_STEPS = 2_000_000;
const MAX_VIRTUAL_US = 600_000_000;
const MAX_LAG_BYTES = 1024 * 1024 * 1024;

/** What seed `seed` does with the query: `factor` replicas of inner vertices, of sources too when `sources`; with `kill` some die. */
export function drawReplicated(
  query: QueryDefinition,
  seed: number,
  { factor, sources, kill }: { readonly factor: number; readonly sources: boolean; readonly kill: boolean },
): ReplicatedRun {
  const random = new Random(seed ^ 0x5eed);
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const run = drawRun(query, seed);
  const latest = pick(100, 1_000, 10_000);
  const deaths = Array.from({ length: factor - 1 }, () => random.below(latest));
  return {
    run,
    workers: factor + pick(1, 2, 3),
    replication: {
      factor,
      sources,
      cutLog: { kind: "memory", brokers: [], topic: CUT_LOG },
      heartbeatIntervalUs: pick(500, 2_000, 10_000, 40_000),
      heartbeatRecords: pick(0, 20, 100),
      maxLagBytes: MAX_LAG_BYTES,
      silentIntervals: 1_000,
    },
    killAfter: kill ? deaths.sort((a, b) => a - b) : [],
  };
}

/** Simulates the run to the end of its input and compares what comes out with the oracle. */
export async function runReplicated(
  replicated: ReplicatedRun,
  wrap = (factory: JobFactory) => factory,
): Promise<ReplicatedResult> {
  const { run } = replicated;
  const input = inputOf(run);
  const factory = wrap(await importFactory(run.query.job.href));
  const log = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  const job: JobSpec = {
    ...jobOfQuery({
      jobId: JOB_ID,
      query: run.query,
      dataMode: input.mode,
      watermarkDelayMs: run.watermarkDelayMs,
      parallelism: run.parallelism,
      keyGroups: run.keyGroups,
      bounded: true,
      inputs: Object.fromEntries(input.streams.map(({ name, dataSet }) => [name, log(name, dataSet.partitions)])),
      output: log(SINK_ID, 1),
      options: run.options,
    }),
    replication: replicated.replication,
  };
  const cluster = new SimulatedCluster({
    seed: run.worldSeed,
    workers: replicated.workers,
    modules: new Map([[job.module, factory]]),
    suppliers: new Map(
      input.streams.map(({ name, dataSet }) => [name, new StoredSupplier(new GeneratorSupplier(dataSet))]),
    ),
    readableFromUs: new Map(input.streams.map(({ name, readableFromUs }) => [name, readableFromUs])),
    batchRecords: run.batchRecords,
    // The cut log is a topic like that of the results: all are kept.
    onRecord: null,
    maxSteps: MAX_STEPS,
    maxVirtualUs: MAX_VIRTUAL_US,
    conditions: run.conditions,
  });
  let killed = 0;
  let rows = 0;
  let problem: string | null;
  try {
    killed = runWithDeaths(cluster, job, factory, replicated);
    const columns = wireColumns(run.query);
    const decoder = new TextDecoder();
    const got = cluster.topics.records(SINK_ID, 0).map((value) => {
      return present(parseRow(columns, decoder.decode(value)), "row of the query in the output");
    });
    rows = got.length;
    problem = failureOf(cluster) ?? wrongRows(run, input.expected, input.isExact, got);
  } catch (error) {
    problem = asFaultlineError(error).message;
  }
  const { trace, queue } = cluster.universe;
  return { traceHash: trace.hash, problem, rows, killed, steps: queue.steps, traceTail: trace.lastLines };
}

/** Runs to the job's end; returns how many workers died on the way. */
function runWithDeaths(
  cluster: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  { run, workers, killAfter }: ReplicatedRun,
): number {
  const { client, universe } = cluster;
  const ended = () => client.hasEnded(JOB_ID) || client.refusals.length > 0;
  client.submit(job, workers);
  cluster.runUntil(() => ended() || client.stateOf(JOB_ID)?.state === "deploying", "deployment");
  const deployedAt = universe.queue.steps;
  const victims = ended() ? [] : replicaWorkers(cluster, job, factory);
  const random = new Random(run.worldSeed);
  let killed = 0;
  for (const after of killAfter) {
    cluster.runUntil(() => ended() || universe.queue.steps >= deployedAt + after, "death of a worker");
    if (ended()) break;
    const [victim] = victims.splice(random.below(victims.length), 1);
    cluster.workers.find(({ name }) => name === victim)?.kill();
    killed++;
  }
  cluster.runUntil(ended, "end of the job");
  return killed;
}

/** Workers that run replicas only. They were given tasks in order of registration. */
function replicaWorkers({ universe }: SimulatedCluster, job: JobSpec, factory: JobFactory): string[] {
  const plan = planOfJob(factory(job.parameters), job);
  const registered = universe.journal.flatMap(({ event, facts }) => {
    return event === "workerRegistered" ? [{ worker: String(facts.worker), address: "" }] : [];
  });
  const replicated = new Set(plan.vertices.filter(({ replicas }) => replicas > 1).map(({ id }) => id));
  const placements = placeTasks(plan, registered);
  const workers = placements.filter(({ vertex }) => replicated.has(vertex)).map(({ worker }) => worker);
  return [...new Set(workers)];
}

function failureOf({ client }: SimulatedCluster): string | null {
  const state = client.stateOf(JOB_ID);
  if (state?.state === "finished") return null;
  const failure = state?.failure ?? client.refusals[0];
  return `the job is ${state?.state ?? "refused"}: ${failure?.message ?? "no reason given"}`;
}
