import { hash64, lastHash } from "../../../base/hash.ts";
import type { DataSet } from "../../../generators/dataset.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { QueryDefinition, Value } from "../../../queries/query.ts";

/** Number of rows and the sum of their hashes, whatever their order: what a sink of kind `discard` counts. */
export interface RowSums {
  readonly rows: number;
  readonly high: number;
  readonly low: number;
}

/** Sums of the oracle's rows, written as the sinks of the queries' jobs write them. */
export function oracleSums(query: QueryDefinition, dataSet: DataSet<NexmarkEvent>): RowSums {
  const names = [...query.columns, ...query.identity].map(({ name }) => JSON.stringify(name));
  const bytes = new Uint8Array(1 << 16);
  const encoder = new TextEncoder();
  let [rows, high, low] = [0, 0, 0];
  const emit = ({ values }: { readonly values: readonly Value[] }) => {
    const text = `{${values.map((value, i) => `${names[i]}:${JSON.stringify(value)}`).join(",")}}`;
    hash64(bytes, 0, encoder.encodeInto(text, bytes).written);
    rows += 1;
    high = (high + lastHash.high) >>> 0;
    low = (low + lastHash.low) >>> 0;
  };
  const oracle = query.oracle();
  const cursor = dataSet.open();
  while (cursor.advance()) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return { rows, high, low };
}
