import type { LogicalEdge, LogicalGraph, LogicalNode, OperatorNode } from "./graph.ts";

/**
 * The graph with every aggregation that can be done in two phases done so: the first one added to the chain before the exchange, so that what
 * crosses it are partial aggregates. Left as it is where the rows before the exchange also go elsewhere, or come from several operators:
 * there a further operator would be a task, and an exchange, of its own. Pure; a graph that has been through it stays as it is.
 */
export function inTwoPhases(graph: LogicalGraph): LogicalGraph {
  const readers = readerCounts(graph);
  const nodes = new Map<string, LogicalNode>();
  for (const node of graph.nodes.values()) {
    for (const phase of phasesOf(graph, node, readers)) nodes.set(phase.id, phase);
  }
  return { ...graph, nodes };
}

function readerCounts(graph: LogicalGraph): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { from } of [...graph.nodes.values()].flatMap(({ inputs }) => inputs.flat())) {
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  return counts;
}

function phasesOf(
  graph: LogicalGraph,
  node: LogicalNode,
  readers: ReadonlyMap<string, number>,
): readonly LogicalNode[] {
  if (node.kind !== "operator" || node.twoPhase === undefined) return [node];
  const { twoPhase, ...rest } = node;
  const id = `${node.id}.local`;
  const edges = node.inputs.flat();
  const edge = edges[0];
  if (edge === undefined || edges.length > 1 || graph.nodes.has(id)) return [node];
  const isDivided = edge.output === undefined && readers.get(edge.from) === 1;
  const sender = graph.nodes.get(edge.from);
  if (!isDivided || sender === undefined) return [node];
  const local: OperatorNode = {
    kind: "operator",
    id,
    parallelism: sender.parallelism,
    inputs: [[{ from: edge.from, partitioning: { kind: "forward" } }]],
    schema: twoPhase.schema,
    keys: null,
    chainable: true,
    create: twoPhase.createLocal,
  };
  const exchange: LogicalEdge = { from: id, partitioning: edge.partitioning };
  return [local, { ...rest, inputs: [[exchange]], create: twoPhase.createGlobal }];
}
