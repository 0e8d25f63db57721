import { monotonicUs } from "../../../base/clock.ts";
import { job, type LogicalGraph } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../../queries/job-ids.ts";
import { bids } from "../../../queries/nexmark/bids.ts";
import { rowEncoder } from "../../../queries/nexmark/format.ts";
import { nexmarkParameters } from "../../../queries/nexmark/parameters.ts";

export const SLOW_ID = "slow";

/** q0 with an operator behind a shuffle that keeps the processor busy for `workUs` with every row. */
export default function slowJob({ workUs, ...rest }: Readonly<Record<string, unknown>>): LogicalGraph {
  const checked = nexmarkParameters(rest);
  const graph = job("slow");
  const rows = bids(graph, ["auction", "bidder", "price", "dateTime", "extra"], checked);
  const slow = rows.rebalance().filter(SLOW_ID, () => {
    const endUs = monotonicUs() + Number(workUs);
    while (monotonicUs() < endUs);
    return true;
  });
  slow.sink(SINK_ID, rowEncoder(slow.schema, checked));
  return graph.build();
}
