import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../engine/cluster/job-spec.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import type { World } from "../../engine/ports.ts";
import { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { Trace, type TraceSettings } from "../../engine/simulation/trace.ts";
import { SINK_ID } from "../../queries/job-ids.ts";
import type { Value } from "../../queries/query.ts";
import { jobOfQuery } from "../systems/bundled/job-of-query.ts";
import { GeneratorSupplier } from "../systems/generator-supplier.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { parseRow } from "../verify/typed-value.ts";
import { withDisorder } from "./disorder.ts";
import type { DrawnRun } from "./draw-run.ts";
import type { SimulatedInput } from "./input.ts";
import type { PassiveProtection, Protection } from "./protection.ts";
import type { ReplicaState } from "./replica-states.ts";
import type { RunWatch } from "./run-watch.ts";
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
/** Of jobs that elect leaders. */
export const ELECTION = { latencyUs: { min: 100, max: 2_000 }, sessionUs: 40_000 };
/** More than any drawn run takes: events of the simulation, and virtual time, µs. */
const MAX_STEPS = 3_000_000;
const MAX_VIRTUAL_US = 600_000_000;

/** The job of a drawn run. */
export function jobOfRun(run: DrawnRun, input: SimulatedInput): JobSpec {
  const { protection } = run;
  const isDrained = passiveOf(protection)?.drainAfterUs !== undefined;
  const log = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  const job = jobOfQuery({
    jobId: JOB_ID,
    query: run.query,
    dataMode: input.mode,
    ...(run.data.generator === "microbench" ? { jobParameters: { stages: run.data.stages } } : {}),
    watermarkDelayMs: run.watermarkDelayMs,
    parallelism: run.parallelism,
    keyGroups: run.keyGroups,
    bounded: !isDrained,
    inputs: Object.fromEntries(input.streams.map(({ name, dataSet }) => [name, log(name, dataSet.partitions)])),
    output: log(SINK_ID, run.parallelism),
    options: run.options,
  });
  if (protection.kind === "none") return job;
  const replicas = protection.kind === "replicated" ? { replication: protection.replication } : {};
  const passive = passiveOf(protection);
  if (passive === null) return { ...job, ...replicas };
  const { guarantee, checkpoints, restart } = passive;
  return { ...job, ...replicas, recovery: "passive", guarantee, checkpoints, restart };
}

/** How the run recovers from checkpoints; null: it does not. */
export function passiveOf(protection: Protection): PassiveProtection | null {
  switch (protection.kind) {
    case "none":
      return null;
    case "passive":
      return protection;
    case "replicated":
      return protection.recovery;
  }
}

/** The cluster that it runs on. */
export function clusterOfRun(
  run: DrawnRun,
  input: SimulatedInput,
  modules: ReadonlyMap<string, JobFactory>,
  { trace, tamper }: SeedHooks,
  watch?: RunWatch,
): SimulatedCluster {
  const { protection } = run;
  const spareWorkers = passiveOf(protection)?.spareWorkers ?? 0;
  const isDisorderly = protection.kind === "replicated" && protection.disorderOneIn > 0;
  const disorder = {
    oneIn: isDisorderly ? protection.disorderOneIn : 0,
    windowBytes: run.options.channelWindowBytes ?? DEFAULT_JOB_OPTIONS.channelWindowBytes,
    meet: (state: ReplicaState) => watch?.meet(state),
  };
  const worldOf = (world: World, process: string) => {
    const own = tamper?.(world, process) ?? world;
    return isDisorderly && process.startsWith("worker") ? withDisorder(own, disorder) : own;
  };
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
    ...(protection.kind === "replicated" && protection.replication.merge === "kaZoo" ? { election: ELECTION } : {}),
    trace: new Trace(trace),
    tamper: worldOf,
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
