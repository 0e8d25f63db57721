import type { DataSet } from "../../generators/dataset.ts";
import type { QueryDefinition } from "../../queries/query.ts";

/**
 * How the outputs of a query are compared. `everyRow`: every output is an expected row, matched by content and charged to its trigger.
 * `finalRows`: of an upsert query, only the last row of each key; rows before it are not judged, and no latency is claimed, because
 * the sequence of updates is no function of the data.
 */
export type Comparison = "everyRow" | "finalRows";

export function comparisonOf(
  { output }: Pick<QueryDefinition, "output">,
  { partitions, keepsAuctionsTogether = false }: Pick<DataSet<unknown>, "partitions" | "keepsAuctionsTogether">,
): Comparison {
  if (output.kind === "append" || partitions === 1) return "everyRow";
  return output.updatesFollow === "auction" && keepsAuctionsTogether ? "everyRow" : "finalRows";
}

/** What to tell people about a run of which only final rows were compared. */
export function finalRowsNote({ id, output }: Pick<QueryDefinition, "id" | "output">): string {
  const remedy =
    output.kind === "upsert" && output.updatesFollow === "auction"
      ? "data.partitionRule: auction makes it one"
      : "data.partitions: 1 makes it one";
  return `Only the last row of each key of ${id} is compared and no latency is claimed: with these input partitions the sequence of updates depends on how they interleave (${remedy}).`;
}
