import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../../nexmark/bids.ts";
import { rowEncoder } from "../../nexmark/format.ts";
import { nexmarkParameters } from "../../nexmark/parameters.ts";

/** q0 with one hash exchange between source and sink, and nothing else. Has no identity columns. */
export default function shuffleJob(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("shuffle");
  const rows = bids(graph, ["auction", "bidder", "price", "dateTime", "extra"], checked);
  rows.partitionBy("auction").sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
