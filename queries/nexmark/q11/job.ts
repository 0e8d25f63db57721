import { count, job, type LogicalGraph, sessions } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const GAP_MS = 10_000;

/** q11, user sessions: bids per bidder and session. Has no identity columns. */
export default function q11Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q11");
  const rows = bids(graph, ["bidder"], checked)
    .keyBy("bidder")
    .window("sessions", sessions(GAP_MS))
    .aggregate(count("bid_count"))
    .project("columns", ["bidder", "bid_count", ["window_start", "starttime"], ["window_end", "endtime"]]);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
