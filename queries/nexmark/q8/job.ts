import { job, type LogicalGraph, tumbling } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";
import { mixedEvents, relationOf } from "../relations.ts";

const WINDOW_MS = 10_000;

/** q8, new users who sell: persons with at least one auction in the window in which they came. No identity columns. */
export default function q8Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q8");
  const columns = { person: ["id", "name"], auction: ["seller"] };
  const events = mixedEvents(graph, columns, checked);
  const persons = relationOf(events, "person", columns.person).keyBy("id");
  const auctions = relationOf(events, "auction", columns.auction).keyBy("seller");
  const rows = persons
    .windowJoin("sellers", auctions, tumbling(WINDOW_MS), { type: "semi", select: { left: ["id", "name"] } })
    .project("columns", ["id", "name", ["window_start", "stime"]]);
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}
