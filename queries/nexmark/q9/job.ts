import { job, type LogicalGraph, type Stream } from "../../../engine/dataflow/api.ts";
import { EVENT_TYPE } from "../../../generators/nexmark/model.ts";
import { SINK_ID } from "../../job-ids.ts";
import { rowEncoder } from "../format.ts";
import { nexmarkParameters } from "../parameters.ts";
import { EVENT_TYPE_FIELD, mixedEvents } from "../relations.ts";
import { AUCTION_COLUMNS, BID_COLUMNS, KEY, winningBid, winningBidSchema } from "./winning-bid.ts";

/**
 * q9, winning bids: auctions and bids on one edge, so that those of one partition keep their order, and a function per auction. Has no
 * identity columns.
 */
export default function q9Job(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(parameters);
  const graph = job("q9");
  const columns = { auction: ["id", ...AUCTION_COLUMNS], bid: ["auction", ...BID_COLUMNS] };
  const events = withKey(mixedEvents(graph, columns, checked));
  const rows = events.keyBy(KEY).process("winners", winningBidSchema(events.schema), () => winningBid(events.schema));
  rows.sink(SINK_ID, rowEncoder(rows.schema, checked));
  return graph.build();
}

/** One column for the id of the auction, instead of one of each relation. */
function withKey(events: Stream): Stream {
  const index = (name: string) => events.schema.index(name);
  const [type, id, auction] = [index(EVENT_TYPE_FIELD), index("auction.id"), index("bid.auction")];
  const others = [...AUCTION_COLUMNS.map((name) => `auction.${name}`), ...BID_COLUMNS.map((name) => `bid.${name}`)];
  return events
    .compute("keyed", { name: KEY, type: "i64" }, (row) =>
      row.number(row.number(type) === EVENT_TYPE.auction ? id : auction),
    )
    .project("columns", [KEY, ...others]);
}
