import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const WINDOW_MS = 10_000;
const COLUMNS = ["auction", "bidder", "price", "dateTime", "extra"];

/** q7, highest bid: the bids with the highest price of each window: first of each instance, then of all. */
export default function q7Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q7");
  const highest = { windowField: "window_end", valueField: "price" };
  const rows = bids(graph, COLUMNS, checked)
    .tumblingWindow("windows", WINDOW_MS)
    .topPerWindow("highestOfInstance", highest)
    .keyBy("window_end")
    .topPerWindow("highest", highest)
    .project("columns", checked.identity ? [...COLUMNS, "window_end"] : COLUMNS);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
