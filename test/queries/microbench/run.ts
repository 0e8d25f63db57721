import { mergeInput } from "../../../generators/merged-input.ts";
import { microbenchInput } from "../../../generators/microbench/input.ts";
import type { MicrobenchEvent } from "../../../generators/microbench/model.ts";
import { type MicrobenchOptionsInput, resolveMicrobenchOptions } from "../../../generators/microbench/options.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import type { ExpectedRow, QueryDefinition, Value } from "../../../queries/query.ts";

export interface Shape {
  readonly parallelism: number;
  readonly workers: number;
  readonly partitions: number;
  readonly batchSize: number;
  readonly stages: number;
}

/** The row as text, without what is not compared. */
export function compared({ columns, volatile = [] }: QueryDefinition, values: readonly Value[]): string {
  return JSON.stringify(values.filter((_, i) => !volatile.includes(columns[i]!.name)));
}

function inputOf(query: QueryDefinition, input: MicrobenchOptionsInput, partitions: number) {
  return microbenchInput(resolveMicrobenchOptions(input), query.streams!.length, partitions);
}

/** What the oracle says of the data. */
export function expectedRows(query: QueryDefinition, input: MicrobenchOptionsInput): ExpectedRow[] {
  const { dataSet } = mergeInput(inputOf(query, input, 1));
  return rowsOfEvents(query, function* () {
    for (const cursor = dataSet.open(); cursor.advance(); ) yield cursor.event();
  });
}

/** What the oracle says of these events. */
export function rowsOfEvents(query: QueryDefinition, events: () => Iterable<MicrobenchEvent>): ExpectedRow[] {
  const rows: ExpectedRow[] = [];
  const oracle = (query as unknown as QueryDefinition<MicrobenchEvent>).oracle();
  let index = 0;
  for (const event of events()) oracle.onEvent(event, index++, (row) => rows.push(row));
  oracle.onEnd((row) => rows.push(row));
  return rows;
}

/** What the engine makes of it, in one thread. */
export async function engineRows(query: QueryDefinition, input: MicrobenchOptionsInput, shape: Shape) {
  const rows: (readonly Value[])[] = [];
  const { stages, ...scale } = shape;
  await runInOneThread({
    query: { ...query, jobParameters: { ...query.jobParameters, stages } },
    streams: inputOf(query, input, shape.partitions),
    dataMode: "microbench",
    watermarkDelayMs: 0,
    seed: 1,
    ...scale,
    rows: { add: (values) => rows.push(values), full: false, refused: false, flush: async () => {} },
  });
  return rows;
}
