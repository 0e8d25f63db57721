import type { LogicalGraph, OperatorNode } from "./graph.ts";
import { invalid } from "./schemas.ts";

/**
 * Throws `job-invalid` unless the loop can end: it is closed, all that its body reads comes from its head (rows from elsewhere could still
 * enter when the heads have agreed that the loop is empty), and no other loop is inside (its head would keep this one's marks).
 * `before`: ids of the operators before the head.
 */
export function checkLoop(graph: LogicalGraph, head: OperatorNode, before: ReadonlySet<string>): void {
  const [outside = [], back = []] = head.inputs;
  if (back.length === 0) throw invalid(head.id, "nothing is fed back into the loop", "close it with iterate()");
  if (outside.some((edge) => edge.feedback === true)) throw invalid(head.id, "its first input is fed back");
  const body = new Set<string>();
  for (const { from } of back) {
    if (from === head.id || before.has(from)) {
      throw invalid(
        head.id,
        `"${from}" is fed back, but is not in the loop's body`,
        "feed back what an operator of the body makes",
      );
    }
    collectBody(graph, head, from, body);
  }
}

/** Adds `id` and all that it reads, up to the head. */
function collectBody(graph: LogicalGraph, head: OperatorNode, id: string, body: Set<string>): void {
  if (id === head.id || body.has(id)) return;
  body.add(id);
  const node = graph.nodes.get(id);
  if (node === undefined) throw invalid(head.id, `"${id}", which does not exist, is fed back`);
  if (node.kind === "sink") throw invalid(head.id, `the sink "${id}" is fed back`);
  if (node.kind === "source") {
    throw invalid(head.id, `the loop's body reads "${id}" from outside`, "unite it with the stream before iterate()");
  }
  if (node.loop !== undefined) throw invalid(id, `it is a loop within the loop "${head.id}"`);
  for (const { from } of node.inputs.flat()) collectBody(graph, head, from, body);
}
