import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

/** q0, pass through. Has no identity columns. */
export default function q0Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q0");
  const rows = bids(graph, ["auction", "bidder", "price", "dateTime", "extra"], checked);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
