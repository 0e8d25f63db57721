/**
 * How fast the bundled engine drains a log that is ready in memory: `node test/bench/engine-drain.ts [events] [parallelism] [q0,q5 …]`.
 * One thread, virtual time, sink that encodes and counts. Prints events/s and CPU seconds per million events of each query.
 */

import type { LogSourceSupplier, RecordValues } from "../../engine/connectors/source-supplier.ts";
import { importFactory } from "../../engine/shell/load-job.ts";
import { SIMULATION_LIMITS, SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { jobOfQuery } from "../../harness/systems/bundled/job-of-query.ts";
import { findQuery, queryIds } from "../../queries/registry.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const parallelism = Number(process.argv[3] ?? 1);
const REPEATS = 3;
const BATCH = 1000;

/** The wire values of a whole data set, in memory. */
class FilledLog implements LogSourceSupplier {
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

  endOffset(partition: number): number {
    return this.#counts[partition]!;
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    const count = Math.min(maxRecords, this.#counts[partition]! - offset);
    const offsets = this.#offsets[partition]!.subarray(offset, offset + count + 1);
    return { bytes: this.#bytes[partition]!, count, offsets };
  }
}

async function drain(id: string, log: FilledLog, mode: string): Promise<{ wallS: number; cpuS: number; rows: number }> {
  const query = findQuery(id);
  const binding = (kind: string, topic: string) => ({ kind, brokers: [], topic, partitions: log.partitions });
  const job = jobOfQuery({
    jobId: id,
    query,
    dataMode: mode,
    watermarkDelayMs: 4_000,
    parallelism,
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
    batchRecords: BATCH,
    onRecord: null,
  });
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  cluster.client.submit(job, 1);
  cluster.runUntil(() => cluster.client.hasEnded(id), "end of the job");
  const used = process.cpuUsage(cpu);
  const wallS = Number(process.hrtime.bigint() - started) / 1e9;
  const state = cluster.client.stateOf(id);
  if (state?.state !== "finished") throw new Error(JSON.stringify(state));
  cluster.client.send({ type: "counters", jobId: id });
  cluster.runUntil(() => cluster.client.counters !== null, "counters");
  const rows = (cluster.client.counters ?? []).reduce((sum, task) => sum + (task.custom.discarded ?? 0), 0);
  return { wallS, cpuS: (used.user + used.system) / 1e6, rows };
}

const options = resolveNexmarkOptions({ events });
const log = new FilledLog(new NexmarkDataSet({ options, partitions: parallelism }));
console.log(`${events} events, parallelism ${parallelism}, ${REPEATS} drains each`);
for (const id of process.argv[4]?.split(",") ?? queryIds("nexmark")) {
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { wallS, cpuS, rows } = await drain(id, log, options.mode);
    const perSecond = Math.round(events / wallS / 1000);
    console.log(
      `${id}  ${perSecond} k events/s  ${(cpuS / (events / 1e6)).toFixed(2)} CPU s per M events  ${rows} rows`,
    );
  }
}
