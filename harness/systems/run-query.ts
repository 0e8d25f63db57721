import { FaultlineError } from "../../base/errors.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { MAX_EVENTS, type NexmarkOptions } from "../../generators/nexmark/options.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";
import { runInOneThread } from "./bundled/run-in-one-thread.ts";
import { RowLines, type WriteLines } from "./row-lines.ts";

export interface RunQueryOptions {
  /** Id of a query. */
  readonly query: string;
  readonly system: "oracle" | "bundled";
  readonly options: NexmarkOptions;
  readonly write: WriteLines;
  /** The rest is for `bundled`. Instances of every operator; default 1. */
  readonly parallelism?: number;
  /** Simulated workers; default 1. */
  readonly workers?: number;
  /** Partitions of the input; default: one an instance. */
  readonly partitions?: number;
  /** Records in one source batch. */
  readonly batchSize?: number;
  readonly watermarkDelayMs?: number;
  readonly seed?: number;
}

const DEFAULT_DELAY_MS = 4_000;

/**
 * Runs a query over generated events, without Kafka and in this thread, to the end of input, and writes its result rows as JSON
 * lines: documented columns only. Errors: `query-unknown`, `query-undefined-on-data`, `config-invalid`, those of the job.
 */
export async function runQuery(run: RunQueryOptions): Promise<void> {
  const query = findQuery(run.query);
  const reason = query.undefinedOn({ mode: run.options.mode });
  if (reason !== null) {
    throw new FaultlineError("query-undefined-on-data", `${query.id} has no meaning on this data: ${reason}`);
  }
  const parallelism = run.parallelism ?? 1;
  const dataSet = new NexmarkDataSet({ options: run.options, partitions: run.partitions ?? parallelism });
  if (dataSet.events >= MAX_EVENTS) {
    throw new FaultlineError("config-invalid", "the data set has no end", { hint: "set events=100000, for example" });
  }
  const lines = new RowLines(query, run.write);
  if (run.system === "oracle") await runOracle(query, dataSet, lines);
  else {
    await runInOneThread({
      query,
      dataSet,
      dataMode: run.options.mode,
      watermarkDelayMs: run.watermarkDelayMs ?? DEFAULT_DELAY_MS,
      parallelism,
      workers: run.workers ?? 1,
      seed: run.seed ?? 1,
      ...(run.batchSize === undefined ? {} : { batchSize: run.batchSize }),
      rows: lines,
    });
  }
  await lines.flush();
}

async function runOracle(query: QueryDefinition, dataSet: NexmarkDataSet, lines: RowLines): Promise<void> {
  const oracle = query.oracle();
  const cursor = dataSet.open();
  while (!lines.refused && cursor.advance()) {
    oracle.onEvent(cursor.event(), cursor.index, (row) => lines.add(row.values));
    if (lines.full) await lines.flush();
  }
  oracle.onEnd((row) => lines.add(row.values));
}
