import { betterCloudInput } from "../../../generators/bettercloud/input.ts";
import type { BetterCloudEvent } from "../../../generators/bettercloud/model.ts";
import { type BetterCloudOptionsInput, resolveBetterCloudOptions } from "../../../generators/bettercloud/options.ts";
import { mergeInput } from "../../../generators/merged-input.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import { bettercloud } from "../../../queries/bettercloud/query.ts";
import type { ExpectedRow, Value } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";

export interface Shape {
  readonly parallelism: number;
  readonly workers: number;
  readonly partitions: number;
  readonly batchSize: number;
}

const NAMES = [...bettercloud.columns, ...bettercloud.identity].map(({ name }) => name);
const STAMPS = new Set(["event.receivedAt", "sinkAt"]);

/** The row as text, without the stamps of the engine's clock and, unless wanted, without the control's age. */
export function compared(values: readonly Value[], withCreatedAt = true): string {
  const kept = NAMES.flatMap((name, i) => {
    if (STAMPS.has(name) || (!withCreatedAt && name === "controlEvent.createdAt")) return [];
    return [values[i]];
  });
  return JSON.stringify(kept);
}

/** What the oracle says of the data. */
export function expectedRows(input: BetterCloudOptionsInput): ExpectedRow[] {
  const rows: ExpectedRow[] = [];
  const options = resolveBetterCloudOptions(input);
  const { dataSet } = mergeInput<BetterCloudEvent>(betterCloudInput(options, { events: 1, controls: 1 }));
  const oracle = bettercloud.oracle();
  const emit = (row: ExpectedRow) => rows.push(row);
  for (const cursor = dataSet.open(); cursor.advance(); ) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return rows;
}

/** What the engine makes of it, in one thread; with preloaded controls the events come after them. */
export async function engineRows(input: BetterCloudOptionsInput, shape: Shape, seed = 1) {
  const options = resolveBetterCloudOptions(input);
  const rows: (readonly Value[])[] = [];
  const preloaded = options.preloadControls !== false;
  const counters = await runInOneThread({
    query: findQuery("bettercloud"),
    streams: betterCloudInput(options, { events: shape.partitions, controls: 1 }).map(({ name, dataSet }) => ({
      name,
      dataSet,
      readableFromUs: preloaded && name === "events" ? 60_000_000 : 0,
    })),
    dataMode: "head",
    watermarkDelayMs: 0,
    seed,
    parallelism: shape.parallelism,
    workers: shape.workers,
    batchSize: shape.batchSize,
    rows: { add: (values) => rows.push(values), full: false, refused: false, flush: async () => {} },
  });
  return { rows, counters };
}
