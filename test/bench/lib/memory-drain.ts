import type { LogSourceSupplier, RecordValues } from "../../../engine/connectors/source-supplier.ts";
import { importFactory } from "../../../engine/shell/load-job.ts";
import { SIMULATION_LIMITS, SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import type { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { jobOfQuery } from "../../../harness/systems/bundled/job-of-query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { measured, type Sample } from "./rounds.ts";
import type { RowSums } from "./row-sums.ts";

/** Most records of one hand-over. */
export const BATCH_RECORDS = 1000;

/** The wire values of a whole data set, in memory. */
export class FilledLog implements LogSourceSupplier {
  readonly partitions: number;
  readonly #bytes: Uint8Array[] = [];
  readonly #offsets: Int32Array[] = [];
  readonly #counts: number[] = [];

  constructor(dataSet: NexmarkDataSet) {
    this.partitions = dataSet.partitions;
    const share = Math.ceil(dataSet.events / dataSet.partitions);
    for (let partition = 0; partition < dataSet.partitions; partition++) {
      this.#bytes.push(new Uint8Array(share * 400 + 1_000_000));
      this.#offsets.push(new Int32Array(share + 1));
      this.#counts.push(0);
    }
    const cursor = dataSet.open();
    while (cursor.advance()) {
      const { partition } = cursor;
      const offsets = this.#offsets[partition]!;
      const count = this.#counts[partition]!;
      offsets[count + 1] = cursor.writeWire(this.#bytes[partition]!, offsets[count]!);
      this.#counts[partition] = count + 1;
    }
  }

  get records(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  endOffset(partition: number): number {
    return this.#counts[partition]!;
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    const count = Math.min(maxRecords, this.#counts[partition]! - offset);
    const offsets = this.#offsets[partition]!.subarray(offset, offset + count + 1);
    return { bytes: this.#bytes[partition]!, count, offsets };
  }
}

/** Drains a log in memory through the bundled engine: one thread, virtual time, a sink that encodes and checksums. */
export async function drainInMemory(
  id: string,
  log: FilledLog,
  mode: string,
): Promise<Sample & { readonly sums: RowSums }> {
  const query = findQuery(id);
  const binding = (kind: string, topic: string) => ({ kind, brokers: [], topic, partitions: log.partitions });
  const job = jobOfQuery({
    jobId: id,
    query,
    dataMode: mode,
    watermarkDelayMs: 4_000,
    parallelism: log.partitions,
    keyGroups: 128,
    bounded: true,
    inputs: { events: binding("memory", "events") },
    output: binding("discard", "results"),
  });
  const cluster = new SimulatedCluster({
    ...SIMULATION_LIMITS,
    seed: 1,
    workers: 1,
    modules: new Map([[job.module, await importFactory(job.module)]]),
    suppliers: new Map([["events", log]]),
    batchRecords: BATCH_RECORDS,
    onRecord: null,
  });
  const sample = await measured(() => {
    cluster.client.submit(job, 1);
    cluster.runUntil(() => cluster.client.hasEnded(id), "end of the job");
    return log.records;
  });
  const state = cluster.client.stateOf(id);
  if (state?.state !== "finished") throw new Error(JSON.stringify(state));
  cluster.client.send({ type: "counters", jobId: id });
  cluster.runUntil(() => cluster.client.counters !== null, "counters");
  const tasks = cluster.client.counters ?? [];
  const sum = (name: string) => tasks.reduce((total, { custom }) => total + (custom[name] ?? 0), 0);
  const sums = { rows: sum("discarded"), high: sum("checksumHigh") >>> 0, low: sum("checksumLow") >>> 0 };
  return { ...sample, sums };
}
