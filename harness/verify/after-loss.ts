import type { QueryDefinition } from "../../queries/query.ts";

/**
 * What becomes of a query's rows when part of its input, or of its state, is lost or counted twice. `subset`: every row is made of whole events and
 * of nothing that others of their key or window could change (filters, projections, joins), so what comes at all is as expected. `changed`:
 * rows sum up many events (counts, maxima, ranks), so rows come that nobody expects, in place of those that do.
 */
export type AfterLoss = "subset" | "changed";

/** Stateless (q0, q1, q2) and joins of whole events (q3, q8). Everything else, users' own queries too, is taken for `changed`. */
const SUBSETS: ReadonlySet<string> = new Set(["q0", "q1", "q2", "q3", "q8"]);

export function afterLossOf({ id }: Pick<QueryDefinition, "id">): AfterLoss {
  return SUBSETS.has(id) ? "subset" : "changed";
}
