import { count, hopping, job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const WINDOW_MS = 10_000;
const SLIDE_MS = 2_000;

/** q5, hot items: bids per auction and window, then the auctions with the most: first of each instance, then of all. */
export default function q5Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q5");
  const hottest = { windowField: "window_end", valueField: "num" };
  const rows = bids(graph, ["auction"], checked)
    .keyBy("auction")
    .window("counts", hopping(WINDOW_MS, SLIDE_MS))
    .aggregate(count("num"))
    .topPerWindow("hottestOfInstance", hottest)
    .keyBy("window_end")
    .topPerWindow("hottest", hottest)
    .project("columns", checked.identity ? ["auction", "num", "window_end"] : ["auction", "num"]);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
