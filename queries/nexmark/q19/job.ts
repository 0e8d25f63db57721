import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { bids } from "../bids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";

const COLUMNS = ["auction", "bidder", "price", "channel", "url", "dateTime", "extra"];

/** q19, top 10 bids of an auction: an upsert for each rank that a bid changes. Has no identity columns. */
export default function q19Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q19");
  const rows = bids(graph, COLUMNS, checked)
    .keyBy("auction")
    .topN("top", {
      limit: 10,
      orderBy: [
        ["price", "descending"],
        ["dateTime", "ascending"],
      ],
      rankField: "rank_number",
    });
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
