import { jsonEncoder } from "../../../engine/connectors/json/encoder.ts";
import { job } from "../../../engine/dataflow/builder.ts";
import type { LogicalGraph } from "../../../engine/dataflow/graph.ts";
import { count } from "../../../engine/operators/aggregate/aggregate.ts";
import { hopping } from "../../../engine/operators/window/window-spec.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";

export const schema = new RowSchema([
  { name: "auction", type: "i64" },
  { name: "price", type: "i64" },
  { name: "extra", type: "string" },
]);

export const sourceOptions = {
  schema,
  watermarkDelayMs: 4000,
  decoder: () => ({ decode: () => Number.NEGATIVE_INFINITY, undecodable: 0 }),
};

export const encoder = jsonEncoder(schema);

/** The shape of q5. */
export function hotItems(sourceParallelism?: number): LogicalGraph {
  const graph = job("hot-items");
  const parallelism = sourceParallelism === undefined ? {} : { parallelism: sourceParallelism };
  const top = { windowField: "window_end", valueField: "num" };
  const leaders = graph
    .source("events", { ...sourceOptions, ...parallelism })
    .filter("bids", (row) => row.number(0) > 0)
    .keyBy("auction")
    .window("count", hopping(10_000, 2_000))
    .aggregate(count("num"))
    .topPerWindow("local-top", top)
    .keyBy("window_end")
    .topPerWindow("global-top", top);
  leaders.sink("out", jsonEncoder(leaders.schema));
  return graph.build();
}
