import { present } from "../../base/assert.ts";
import { ERROR_CODES, type ErrorCode, FaultlineError } from "../../base/errors.ts";
import { DEFAULT_JOB_OPTIONS, type JobOptions, type JobSpec } from "../cluster/job-spec.ts";
import type { Failure, TaskCounters } from "../cluster/messages.ts";
import type { LogSourceSupplier } from "../connectors/source-supplier.ts";
import type { JobFactory } from "../dataflow/graph.ts";
import { SIMULATION_LIMITS, SimulatedCluster } from "./cluster.ts";
import { type Surroundings, surrounded } from "./surroundings.ts";

export interface SimulatedRun {
  /** Builds the job's graph; called once for the bindings, once by the coordinator and once by every worker. */
  readonly job: JobFactory;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly parallelism: number;
  readonly workers: number;
  /** Default 128. */
  readonly keyGroups?: number;
  /** The records of each source, by its id in the graph. */
  readonly supplier: (sourceId: string) => LogSourceSupplier;
  readonly seed: number;
  /** Records handed to a source at once, 1 … 1000. */
  readonly batchRecords: number;
  readonly options?: Partial<JobOptions>;
  /** Every row that a sink has written, in order per partition; `value` is valid only during the call. */
  readonly onRecord: (sinkId: string, partition: number, value: Uint8Array) => void;
  readonly maxSteps?: number;
  readonly maxVirtualUs?: number;
  /** Files and services that the job uses. */
  readonly surroundings?: Surroundings;
}

export interface SimulatedResult {
  readonly counters: readonly TaskCounters[];
  /** Equal for equal runs; 16 hexadecimal digits. */
  readonly traceHash: string;
  /** Virtual time from the beginning to the job's end, µs. */
  readonly virtualUs: number;
  readonly steps: number;
}

const JOB_ID = "simulated";

/**
 * Runs a job on a simulated cluster to the end of its input, in this call. Throws the job's failure (code and message) when it does
 * not finish, `system-failed` with the last trace lines when it hangs.
 */
export function runSimulated(run: SimulatedRun): SimulatedResult {
  const nodes = [...run.job(run.parameters ?? {}).nodes.values()];
  const suppliers = new Map(nodes.filter(({ kind }) => kind === "source").map(({ id }) => [id, run.supplier(id)]));
  const sinks = nodes.filter(({ kind }) => kind === "sink").map(({ id }) => id);
  const spec = bindJob(run, suppliers, sinks);
  const cluster = new SimulatedCluster({
    seed: run.seed,
    workers: run.workers,
    modules: new Map([[spec.module, run.job]]),
    suppliers,
    batchRecords: run.batchRecords,
    onRecord: run.onRecord,
    tamper: (world) => surrounded(world, run.surroundings ?? {}),
    maxSteps: run.maxSteps ?? SIMULATION_LIMITS.maxSteps,
    maxVirtualUs: run.maxVirtualUs ?? SIMULATION_LIMITS.maxVirtualUs,
  });
  const { client, universe } = cluster;
  client.submit(spec, run.workers);
  cluster.runUntil(() => client.hasEnded(JOB_ID) || client.refusals.length > 0, "end of the job");
  const state = client.stateOf(JOB_ID);
  if (state?.state !== "finished") throw failureOf(state?.failure ?? client.refusals[0] ?? null);
  const virtualUs = universe.nowUs;
  client.send({ type: "counters", jobId: JOB_ID });
  cluster.runUntil(() => client.counters !== null, "counters");
  const counters = present(client.counters, "counters");
  return { counters, traceHash: universe.trace.hash, virtualUs, steps: universe.queue.steps };
}

/** A specification that binds every source to its supplier and every sink to a topic of its own name. */
function bindJob(
  run: SimulatedRun,
  suppliers: ReadonlyMap<string, LogSourceSupplier>,
  sinks: readonly string[],
): JobSpec {
  const bind = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  return {
    jobId: JOB_ID,
    name: JOB_ID,
    module: JOB_ID,
    parameters: run.parameters ?? {},
    parallelism: run.parallelism,
    keyGroups: run.keyGroups ?? 128,
    sources: Object.fromEntries([...suppliers].map(([id, { partitions }]) => [id, bind(id, partitions)])),
    sinks: Object.fromEntries(sinks.map((id) => [id, bind(id, run.parallelism)])),
    options: { ...DEFAULT_JOB_OPTIONS, ...run.options },
    bounded: true,
  };
}

function failureOf(failure: Failure | null): FaultlineError {
  if (failure === null) return new FaultlineError("job-failed", "the job was cancelled");
  const code = failure.code in ERROR_CODES ? (failure.code as ErrorCode) : "job-failed";
  return new FaultlineError(code, failure.message, { context: { failure } });
}
