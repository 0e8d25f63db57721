import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import type { World } from "../../engine/ports.ts";
import { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { Trace, type TraceSettings } from "../../engine/simulation/trace.ts";
import type { WorldWatch } from "../../engine/simulation/watch.ts";
import { SINK_ID } from "../../queries/job-ids.ts";
import type { Value } from "../../queries/query.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import { GeneratorSupplier } from "../systems/generator-supplier.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { parseRow } from "../verify/typed-value.ts";
import type { DrawnRun } from "./draw-run.ts";
import type { SimulatedInput } from "./input.ts";
import { StoredSupplier } from "./stored-supplier.ts";

export interface SeedHooks {
  readonly trace?: TraceSettings;
  /** For planting defects: the job instead of the query's own, and something between workers and their world. */
  readonly plantedJob?: (factory: JobFactory) => JobFactory;
  /** Another specification than the drawn one. */
  readonly plantedSpec?: (job: JobSpec) => JobSpec;
  readonly tamper?: (world: World, process: string) => World;
}

export const JOB_ID = "simulated";
/** The job that goes on from the savepoint that the first one has stopped with. */
export const RESUMED_ID = "resumed";
/** News come late, and the dead lead on for a while. */
const ELECTION = { latencyUs: { min: 100, max: 2_000 }, sessionUs: 40_000 };
/** More than any drawn run takes: events of the simulation, and virtual time, µs. */
const MAX_STEPS = 3_000_000;
const MAX_VIRTUAL_US = 600_000_000;

/** The job of a drawn run. */
export function jobOfRun(run: DrawnRun, input: SimulatedInput): JobSpec {
  const { protection } = run;
  const log = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  const job = jobOfQuery({
    jobId: JOB_ID,
    query: run.query,
    dataMode: input.mode,
    ...(run.data.generator === "microbench" ? { jobParameters: { stages: run.data.stages } } : {}),
    watermarkDelayMs: run.watermarkDelayMs,
    parallelism: run.parallelism,
    keyGroups: run.keyGroups,
    bounded: true,
    inputs: Object.fromEntries(input.streams.map(({ name, dataSet }) => [name, log(name, dataSet.partitions)])),
    output: log(SINK_ID, run.parallelism),
    options: run.options,
  });
  if (protection.kind === "replicated") return { ...job, replication: protection.replication };
  if (protection.kind === "none") return job;
  const { guarantee, checkpoints, restart } = protection;
  return { ...job, recovery: "passive", guarantee, checkpoints, restart };
}

/** The cluster that it runs on. */
export function clusterOfRun(
  run: DrawnRun,
  input: SimulatedInput,
  modules: ReadonlyMap<string, JobFactory>,
  { trace, tamper }: SeedHooks,
  watch?: WorldWatch,
): SimulatedCluster {
  const spareWorkers = run.protection.kind === "passive" ? run.protection.spareWorkers : 0;
  return new SimulatedCluster({
    seed: run.worldSeed,
    workers: run.workers + spareWorkers,
    modules,
    suppliers: new Map(
      input.streams.map(({ name, dataSet }) => [name, new StoredSupplier(new GeneratorSupplier(dataSet))]),
    ),
    readableFromUs: new Map(input.streams.map(({ name, readableFromUs }) => [name, readableFromUs])),
    batchRecords: run.batchRecords,
    onRecord: null,
    maxSteps: MAX_STEPS,
    maxVirtualUs: MAX_VIRTUAL_US,
    conditions: run.conditions,
    ...(run.protection.kind === "replicated" && run.protection.replication.merge === "kaZoo"
      ? { election: ELECTION }
      : {}),
    trace: new Trace(trace),
    ...(tamper === undefined ? {} : { tamper }),
    ...(watch === undefined ? {} : { watch }),
  });
}

/** Result rows that readers of what is committed see, in order partition by partition; and what is none, as text. */
export function rowsOfRun(
  run: DrawnRun,
  { topics }: SimulatedCluster,
): { readonly rows: readonly (readonly Value[])[]; readonly unreadable: readonly string[] } {
  const columns = wireColumns(run.query);
  const decoder = new TextDecoder();
  const rows: (readonly Value[])[] = [];
  const unreadable: string[] = [];
  for (let partition = 0; partition < run.parallelism; partition++) {
    for (const value of topics.records(SINK_ID, partition, "committed")) {
      const text = decoder.decode(value);
      const row = parseRow(columns, text);
      if (row === null) unreadable.push(text);
      else rows.push(row);
    }
  }
  return { rows, unreadable };
}
