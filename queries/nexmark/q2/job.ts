import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const DIVISOR = 123;

/** q2, selection: bids whose auction is a multiple of 123. */
export default function q2Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q2");
  const columns = checked.identity ? ["auction", "price", "bidder", "dateTime"] : ["auction", "price"];
  const all = bids(graph, columns, checked);
  const auction = all.schema.index("auction");
  const rows = all.filter("selected", (row) => row.number(auction) % DIVISOR === 0);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
