import { betterCloudInput } from "../../generators/bettercloud/input.ts";
import type { DataSet } from "../../generators/dataset.ts";
import { mergeInput } from "../../generators/merged-input.ts";
import { microbenchInput } from "../../generators/microbench/input.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { ExpectedRow } from "../../queries/query.ts";
import type { DrawnRun } from "./draw-run.ts";

/** Virtual time by which controls that come before the events have been taken in, however rough the world is, µs. */
const PRELOADED_BY_US = 4_000_000;

export interface SimulatedStream {
  readonly name: string;
  readonly dataSet: DataSet<unknown>;
  readonly readableFromUs: number;
}

export interface SimulatedInput {
  readonly mode: string;
  readonly streams: readonly SimulatedStream[];
  readonly expected: readonly ExpectedRow[];
  /** Every expected row must come; else which of them come depends on how the streams interleave. */
  readonly isExact: boolean;
}

/** The streams of a run, and what its query's oracle says of them. */
export function inputOf({ query, data, partitions, partitionRule }: DrawnRun): SimulatedInput {
  if (data.generator === "nexmark") {
    const dataSet = new NexmarkDataSet({ options: data.options, partitions, partitionRule });
    const expected = expectedRows(query.oracle(), dataSet);
    const streams = [{ name: SOURCE_ID, dataSet, readableFromUs: 0 }];
    return { mode: data.options.mode, streams, expected, isExact: true };
  }
  if (data.generator === "microbench") {
    const streams = microbenchInput(data.options, query.streams?.length ?? 1, partitions);
    const merged = mergeInput(streams).dataSet as unknown as DataSet<NexmarkEvent>;
    return {
      mode: data.generator,
      streams: streams.map(({ name, dataSet }) => ({ name, dataSet, readableFromUs: 0 })),
      expected: expectedRows(query.oracle(), merged),
      isExact: true,
    };
  }
  const isExact = data.options.preloadControls !== false;
  const streams = betterCloudInput(data.options, { events: partitions, controls: 1 });
  // As in the registry of queries: events and query are of one generator, which their types do not say.
  const merged = mergeInput(streams).dataSet as unknown as DataSet<NexmarkEvent>;
  return {
    mode: "bettercloud",
    streams: streams.map(({ name, dataSet }) => {
      return { name, dataSet, readableFromUs: isExact && name === "events" ? PRELOADED_BY_US : 0 };
    }),
    expected: expectedRows(query.oracle(), merged),
    isExact,
  };
}

function expectedRows(
  oracle: ReturnType<DrawnRun["query"]["oracle"]>,
  dataSet: DataSet<NexmarkEvent>,
): readonly ExpectedRow[] {
  const rows: ExpectedRow[] = [];
  const emit = (row: ExpectedRow) => rows.push(row);
  for (const cursor = dataSet.open(); cursor.advance(); ) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return rows;
}
