import { job, jsonEncoder, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { nexmarkParameters } from "../parameters.ts";

/** q0, pass through. Has no identity columns. */
export default function q0Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const graph = job("q0");
  const rows = bids(graph, ["auction", "bidder", "price", "dateTime", "extra"], nexmarkParameters(parameters));
  rows.sink(SINK_ID, jsonEncoder(rows.schema));
  return graph.build();
}
