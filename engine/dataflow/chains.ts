import type { LogicalGraph, LogicalNode } from "./graph.ts";

/** Operators that run one behind the other in one task. */
export interface Chains {
  /** Id of the first operator → ids of all, first to last. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Operator → the first one of its chain. */
  readonly headOf: ReadonlyMap<string, string>;
}

/**
 * Cuts a graph into chains: forward edges between operators that are `alike`, where the sender sends nowhere else, the receiver receives
 * nothing else and allows it. Deterministic: in the graph's order.
 */
export function chainsOf(graph: LogicalGraph, alike: (sender: LogicalNode, receiver: LogicalNode) => boolean): Chains {
  const consumers = consumerCounts(graph);
  const chains = new Map<string, string[]>();
  const headOf = new Map<string, string>();
  for (const node of graph.nodes.values()) {
    const before = chainedTo(graph, node, consumers, alike);
    const head = before === null ? node.id : headOf.get(before)!;
    headOf.set(node.id, head);
    if (before === null) chains.set(node.id, [node.id]);
    else chains.get(head)!.push(node.id);
  }
  return { chains, headOf };
}

function consumerCounts(graph: LogicalGraph): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of graph.nodes.values()) {
    for (const { from, output } of node.inputs.flat()) {
      if (output === undefined) counts.set(from, (counts.get(from) ?? 0) + 1);
    }
  }
  return counts;
}

/** The node whose chain `node` joins, or null when it begins one. */
function chainedTo(
  graph: LogicalGraph,
  node: LogicalNode,
  consumers: ReadonlyMap<string, number>,
  alike: (sender: LogicalNode, receiver: LogicalNode) => boolean,
): string | null {
  const edges = node.inputs.flat();
  const edge = edges[0];
  if (edge === undefined || edges.length > 1 || edge.partitioning.kind !== "forward") return null;
  if (edge.output !== undefined) return null;
  if (node.kind === "operator" && !node.chainable) return null;
  if (consumers.get(edge.from) !== 1) return null;
  return alike(graph.nodes.get(edge.from)!, node) ? edge.from : null;
}
