import { asFaultlineError } from "../../base/errors.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import type { World } from "../../engine/ports.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { SituationCounts } from "../../engine/simulation/situations.ts";
import { Trace, type TraceSettings } from "../../engine/simulation/trace.ts";
import { SINK_ID } from "../../queries/job-ids.ts";
import type { Value } from "../../queries/query.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import { GeneratorSupplier } from "../systems/generator-supplier.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { parseRow } from "../verify/typed-value.ts";
import { wrongRows } from "./compare.ts";
import type { DrawnRun } from "./draw-run.ts";
import { inputOf } from "./input.ts";

export interface SeedResult {
  readonly query: string;
  readonly seed: number;
  /** Equal for equal runs. */
  readonly traceHash: string;
  /** What went wrong, or null. */
  readonly problem: string | null;
  /** Result rows that were compared. */
  readonly rows: number;
  readonly situations: SituationCounts;
  /** Events of the simulation. */
  readonly steps: number;
  readonly virtualUs: number;
  /** The end of the trace, oldest line first. */
  readonly traceTail: readonly string[];
}

export interface SeedHooks {
  readonly trace?: TraceSettings;
  /** For planting defects: the job instead of the query's own, and something between workers and their world. */
  readonly plantedJob?: (factory: JobFactory) => JobFactory;
  readonly tamper?: (world: World, process: string) => World;
}

/** More than any drawn run takes: events of the simulation, and virtual time, µs. */
const MAX_STEPS = 2_000_000;
const MAX_VIRTUAL_US = 40_000_000;
const JOB_ID = "simulated";
/** Counters that must stay at 0: drawn data are never late, broken or without a key. */
const DROPS = ["lateRows", "undecodable", "nullKeys"] as const;

/** Simulates one drawn run to the end of its input and compares what comes out with the oracle. */
export async function runSeed(run: DrawnRun, hooks: SeedHooks = {}): Promise<SeedResult> {
  const { query } = run;
  const input = inputOf(run);
  const own = await importFactory(query.job.href);
  const got: (readonly Value[])[] = [];
  const unreadable: string[] = [];
  const columns = wireColumns(query);
  const decoder = new TextDecoder();
  const log = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  const job = jobOfQuery({
    jobId: JOB_ID,
    query,
    dataMode: input.mode,
    watermarkDelayMs: run.watermarkDelayMs,
    parallelism: run.parallelism,
    keyGroups: run.keyGroups,
    bounded: true,
    inputs: Object.fromEntries(input.streams.map(({ name, dataSet }) => [name, log(name, dataSet.partitions)])),
    output: log(SINK_ID, run.parallelism),
    options: run.options,
  });
  const cluster = new SimulatedCluster({
    seed: run.worldSeed,
    workers: run.workers,
    modules: new Map([[job.module, hooks.plantedJob?.(own) ?? own]]),
    suppliers: new Map(input.streams.map(({ name, dataSet }) => [name, new GeneratorSupplier(dataSet)])),
    readableFromUs: new Map(input.streams.map(({ name, readableFromUs }) => [name, readableFromUs])),
    batchRecords: run.batchRecords,
    onRecord: (_topic, _partition, value) => {
      const text = decoder.decode(value);
      const row = parseRow(columns, text);
      if (row === null) unreadable.push(text);
      else got.push(row);
    },
    maxSteps: MAX_STEPS,
    maxVirtualUs: MAX_VIRTUAL_US,
    conditions: run.conditions,
    trace: new Trace(hooks.trace),
    ...(hooks.tamper === undefined ? {} : { tamper: hooks.tamper }),
  });
  const { client, universe } = cluster;
  let problem: string | null;
  try {
    client.submit(job, run.workers);
    cluster.runUntil(() => client.hasEnded(JOB_ID) || client.refusals.length > 0, "end of the job");
    client.send({ type: "counters", jobId: JOB_ID });
    cluster.runUntil(() => client.counters !== null || client.closed, "counters");
    const counters = client.counters ?? [];
    universe.situations.meet("blockedTask", counters.filter(({ blockedUs }) => blockedUs > 0).length);
    problem =
      failureOf(cluster) ??
      wrongRows(run, input.expected, input.isExact, got) ??
      (unreadable.length > 0 ? `not a row of the query: ${unreadable[0]}` : dropped(counters));
  } catch (error) {
    // What follows the first line is the end of the trace, which the result has anyway.
    problem = asFaultlineError(error).message.split("\n")[0]!;
  }
  return {
    query: query.id,
    seed: run.seed,
    traceHash: universe.trace.hash,
    problem,
    rows: got.length,
    situations: universe.situations.counts,
    steps: universe.queue.steps,
    virtualUs: universe.nowUs,
    traceTail: universe.trace.lastLines,
  };
}

/** Why the job did not finish, or null. */
function failureOf({ client }: SimulatedCluster): string | null {
  const state = client.stateOf(JOB_ID);
  if (state?.state === "finished") return null;
  const failure = state?.failure ?? client.refusals[0];
  return `the job is ${state?.state ?? "refused"}: ${failure?.message ?? "no reason given"}`;
}

function dropped(counters: readonly TaskCounters[]): string | null {
  for (const { vertex, subtask, custom } of counters) {
    for (const name of DROPS) {
      const count = custom[name] ?? 0;
      if (count > 0) return `task ${vertex}/${subtask} counts ${count} ${name}, of data that have none`;
    }
  }
  return null;
}
