import { present } from "../../../base/assert.ts";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { failureError, jobFailure } from "../../../engine/shell/job-failure.ts";
import { importFactory } from "../../../engine/shell/load-job.ts";
import { SIMULATION_LIMITS, SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import type { DataSet, WireFormatName } from "../../../generators/dataset.ts";
import { SINK_ID } from "../../../queries/job-ids.ts";
import type { QueryDefinition, Value } from "../../../queries/query.ts";
import { wireColumns } from "../../verify/row-hash.ts";
import { rowText } from "../../verify/row-text.ts";
import { parseRow } from "../../verify/typed-value.ts";
import { GeneratorSupplier } from "../generator-supplier.ts";
import { jobOfQuery } from "./job-of-query.ts";

/** Takes result rows: all columns of the definition, identity included. */
export interface RowTaker {
  add(values: readonly Value[]): void;
  /** `flush` should be called and waited for. */
  readonly full: boolean;
  flush(): Promise<void>;
  /** Wants no more rows: the run may end. */
  readonly refused: boolean;
}

/** An input stream, by the name of the job's source. */
export interface OneThreadStream {
  readonly name: string;
  readonly dataSet: DataSet<unknown>;
  /** Virtual time before which nothing of it can be read, µs. */
  readonly readableFromUs?: number;
}

export interface OneThreadRun {
  readonly query: QueryDefinition;
  readonly streams: readonly OneThreadStream[];
  readonly dataMode: string;
  /** Of events and output rows; default json. */
  readonly format?: WireFormatName;
  readonly watermarkDelayMs: number;
  readonly parallelism: number;
  readonly workers: number;
  readonly seed: number;
  /** Records handed to a source at once; default 1000. */
  readonly batchSize?: number;
  readonly rows: RowTaker;
}

const DEFAULT_BATCH = 1000;
const KEY_GROUPS = 128;

/**
 * Runs a query on the bundled engine in this thread, on a simulated cluster in virtual time, over generated events, to the end of
 * input. Returns the tasks' counters ([] when the taker refused more rows). Throws the job's failure.
 */
export async function runInOneThread(run: OneThreadRun): Promise<readonly TaskCounters[]> {
  const { query, rows, streams } = run;
  const columns = wireColumns(query);
  const text = rowText(run.format ?? "json", columns);
  const log = (topic: string, partitions: number) => ({ kind: "memory", brokers: [], topic, partitions });
  const job = jobOfQuery({
    jobId: query.id,
    query,
    dataMode: run.dataMode,
    format: run.format ?? "json",
    watermarkDelayMs: run.watermarkDelayMs,
    parallelism: run.parallelism,
    keyGroups: Math.max(KEY_GROUPS, run.parallelism),
    bounded: true,
    inputs: Object.fromEntries(streams.map(({ name, dataSet }) => [name, log(name, dataSet.partitions)])),
    output: log(SINK_ID, run.parallelism),
  });
  const cluster = new SimulatedCluster({
    ...SIMULATION_LIMITS,
    seed: run.seed,
    workers: run.workers,
    modules: new Map([[job.module, await importFactory(job.module)]]),
    suppliers: new Map(streams.map(({ name, dataSet }) => [name, new GeneratorSupplier(dataSet)])),
    readableFromUs: new Map(streams.map(({ name, readableFromUs }) => [name, readableFromUs ?? 0])),
    batchRecords: run.batchSize ?? DEFAULT_BATCH,
    onRecord: (_topic, _partition, value) => {
      rows.add(present(parseRow(columns, text.textOf(value, 0, value.length)), "row of the query in the output"));
    },
  });
  const { client } = cluster;
  client.submit(job, run.workers);
  const ended = () => client.hasEnded(job.jobId) || client.refusals.length > 0;
  while (!ended()) {
    cluster.runUntil(() => ended() || rows.full, "end of the job");
    if (rows.full) await rows.flush();
    if (rows.refused) return [];
  }
  if (client.refusals.length > 0) throw failureError(client.refusals[0]!, "job-invalid");
  const state = present(client.stateOf(job.jobId), "state of the job");
  if (state.state !== "finished") throw jobFailure(state);
  client.send({ type: "counters", jobId: job.jobId });
  cluster.runUntil(() => client.counters !== null, "counters");
  return client.counters ?? [];
}
