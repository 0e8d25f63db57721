import { job, type LogicalGraph, type Stream } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";
import { mixedEvents, relationOf } from "../relations.ts";

const CATEGORY = 10;
const STATES = ["OR", "ID", "CA"].map((state) => new TextEncoder().encode(state));

/** q3, local item suggestion: persons in three states joined with the auctions of category 10 that they sell. No identity columns. */
export default function q3Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q3");
  const columns = { person: ["id", "name", "city", "state"], auction: ["id", "seller", "category"] };
  const events = mixedEvents(graph, columns, checked);
  const persons = inStates(relationOf(events, "person", columns.person));
  const auctions = relationOf(events, "auction", columns.auction);
  const category = auctions.schema.index("category");
  const wanted = auctions.filter("category", (row) => row.number(category) === CATEGORY);
  const rows = persons.keyBy("id").join("joined", wanted.keyBy("seller"), {
    select: { left: ["name", "city", "state"], right: ["id"] },
  });
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}

function inStates(persons: Stream): Stream {
  const state = persons.schema.index("state");
  return persons.filter("states", (row) => {
    const bytes = row.bytes(state);
    const start = row.start(state);
    const length = row.length(state);
    return STATES.some((one) => length === one.length && one.every((byte, i) => bytes[start + i] === byte));
  });
}
