import { FaultlineError } from "../../base/errors.ts";
import { betterCloudInput } from "../../generators/bettercloud/input.ts";
import type { BetterCloudOptions } from "../../generators/bettercloud/options.ts";
import type { DataSet, PartitionRule } from "../../generators/dataset.ts";
import { type InputStream, mergeInput } from "../../generators/merged-input.ts";
import { microbenchInput } from "../../generators/microbench/input.ts";
import type { MicrobenchOptions } from "../../generators/microbench/options.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { MAX_EVENTS, type NexmarkOptions } from "../../generators/nexmark/options.ts";
import { compileSchedule } from "../../generators/schedule/schedule.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { GeneratorName, QueryDefinition } from "../../queries/query.ts";
import { findQuery, generatorOf } from "../../queries/registry.ts";
import { type RowTaker, runInOneThread } from "./bundled/run-in-one-thread.ts";
import { FinalRows } from "./final-rows.ts";
import { RowLines, type WriteLines } from "./row-lines.ts";

export interface RunQueryOptions {
  /** Id of a query. */
  readonly query: string;
  readonly system: "oracle" | "bundled";
  /** Of the generator whose events the query reads. */
  readonly options: NexmarkOptions | BetterCloudOptions | MicrobenchOptions;
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
/** Virtual time by which whatever is sent before the events has been taken in, µs. */
const LATER_US = 600_000_000;

/**
 * Runs a query over generated events, without Kafka and in this thread, to the end of input, and writes its result rows as JSON
 * lines: documented columns only, of an upsert query the final row of each key, in the order of keys. Errors: `query-unknown`, `query-undefined-on-data`, `config-invalid`, those of the job.
 */
export async function runQuery(run: RunQueryOptions): Promise<void> {
  const query = findQuery(run.query);
  const parallelism = run.parallelism ?? 1;
  const { mode, streams } = inputOf(query, run, run.partitions ?? parallelism);
  const reason = query.undefinedOn({ mode });
  if (reason !== null) {
    throw new FaultlineError("query-undefined-on-data", `${query.id} has no meaning on this data: ${reason}`);
  }
  if (streams.some(({ dataSet }) => dataSet.events >= MAX_EVENTS)) {
    throw new FaultlineError("config-invalid", "the data set has no end", { hint: "set events=100000, for example" });
  }
  const lines = new RowLines(query, run.write);
  const { output } = query;
  const final = output.kind === "upsert" ? new FinalRows(query, output.key, lines) : null;
  const rows = final ?? lines;
  if (run.system === "oracle") await runOracle(query, mergeInput(streams).dataSet, rows);
  else {
    await runInOneThread({
      query,
      streams: streams.map(({ name, dataSet, isEarly }) => ({ name, dataSet, readableFromUs: isEarly ? 0 : LATER_US })),
      dataMode: mode,
      watermarkDelayMs: run.watermarkDelayMs ?? DEFAULT_DELAY_MS,
      parallelism,
      workers: run.workers ?? 1,
      seed: run.seed ?? 1,
      ...(run.batchSize === undefined ? {} : { batchSize: run.batchSize }),
      rows,
    });
  }
  await final?.finish();
  await lines.flush();
}

interface QueryInput {
  /** As queries know the data. */
  readonly mode: string;
  readonly streams: readonly (InputStream<NexmarkEvent> & { readonly isEarly: boolean })[];
}

function inputOf(query: QueryDefinition, { options }: RunQueryOptions, partitions: number): QueryInput {
  const generator = generatorOfOptions(options);
  if (generator !== generatorOf(query)) {
    throw new FaultlineError("config-invalid", `${query.id} does not read such events`);
  }
  if ("customers" in options) {
    const streams = betterCloudInput(options, { events: partitions, controls: 1 });
    const preloads = options.preloadControls !== false;
    return paired(generator, streams, ({ name }) => !preloads || name === "controls");
  }
  if ("keys" in options) {
    const streams = microbenchInput(options, query.streams?.length ?? 1, partitions);
    return paired(generator, streams, () => true);
  }
  const dataSet = new NexmarkDataSet({ options, partitions, partitionRule: partitionRuleOf(query) });
  const schedule = compileSchedule({ shape: "constant", ratePerSecond: options.eventRatePerSecond });
  return { mode: options.mode, streams: [{ name: SOURCE_ID, dataSet, schedule, isEarly: true }] };
}

/** Each has options that the others have not. */
function generatorOfOptions(options: RunQueryOptions["options"]): GeneratorName {
  if ("customers" in options) return "bettercloud";
  return "keys" in options ? "microbench" : "nexmark";
}

/** As in the registry of queries: events and query are of one generator, which their types do not say. */
function paired(
  mode: string,
  streams: readonly InputStream<unknown>[],
  isEarly: (stream: InputStream<unknown>) => boolean,
): QueryInput {
  const own = streams as readonly InputStream<NexmarkEvent>[];
  return { mode, streams: own.map((stream) => ({ ...stream, isEarly: isEarly(stream) })) };
}

/** Rows that depend on the order of an auction's events need all of them in one partition. */
function partitionRuleOf({ output }: QueryDefinition): PartitionRule {
  return output.kind === "upsert" && output.updatesFollow === "auction" ? "auction" : "roundRobin";
}

async function runOracle(query: QueryDefinition, dataSet: DataSet<NexmarkEvent>, rows: RowTaker): Promise<void> {
  const oracle = query.oracle();
  const cursor = dataSet.open();
  while (!rows.refused && cursor.advance()) {
    oracle.onEvent(cursor.event(), cursor.index, (row) => rows.add(row.values));
    if (rows.full) await rows.flush();
  }
  oracle.onEnd((row) => rows.add(row.values));
}
