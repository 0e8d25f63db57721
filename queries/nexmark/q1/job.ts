import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const THOUSANDTHS = 908;

/** q1, currency conversion: price × 0.908, which decimals hold exactly as thousandths. Has no identity columns. */
export default function q1Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q1");
  const all = bids(graph, ["auction", "bidder", "price", "dateTime", "extra"], checked);
  const price = all.schema.index("price");
  const rows = all
    .compute("converted", { name: "euros", type: "decimal3" }, (row) => THOUSANDTHS * row.number(price))
    .project("columns", ["auction", "bidder", ["euros", "price"], "dateTime", "extra"]);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
