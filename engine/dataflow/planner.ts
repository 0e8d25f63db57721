import { FaultlineError } from "../../base/errors.ts";
import type { LogicalEdge, LogicalGraph, LogicalNode } from "./graph.ts";
import type { PhysicalPlan, PlanEdge, Vertex } from "./plan.ts";
import { validateGraph } from "./validate.ts";

interface PlanSettings {
  /** Parallelism of every operator that names none. */
  readonly parallelism: number;
  readonly keyGroups: number;
  /** Replicas of every vertex; 1 unless given. */
  readonly replicas?: number;
}

/**
 * The physical plan of a graph: forward edges become parts of a chain where both ends have the same parallelism, the sender sends
 * nowhere else, the receiver receives nothing else and allows it. Pure and deterministic: the coordinator and every worker get the
 * same plan. `job-invalid` when the graph or the settings cannot run.
 */
export function planJob(graph: LogicalGraph, settings: PlanSettings): PhysicalPlan {
  validateGraph(graph);
  checkPositiveInteger("keyGroups", settings.keyGroups);
  checkPositiveInteger("parallelism", settings.parallelism);
  const replicas = settings.replicas ?? 1;
  checkPositiveInteger("replicas", replicas);
  const parallelismOf = (node: LogicalNode) => node.parallelism ?? settings.parallelism;
  for (const node of graph.nodes.values()) checkParallelism(node, parallelismOf(node), settings.keyGroups);
  const consumers = consumerCounts(graph);
  const chains = new Map<string, string[]>();
  const vertexOf = new Map<string, string>();
  for (const node of graph.nodes.values()) {
    const before = chainedTo(graph, node, consumers, parallelismOf);
    const vertex = before === null ? node.id : vertexOf.get(before)!;
    vertexOf.set(node.id, vertex);
    if (before === null) chains.set(node.id, [node.id]);
    else chains.get(vertex)!.push(node.id);
  }
  const vertices = [...chains].map(([id, operators]): Vertex => {
    return { id, operators, parallelism: parallelismOf(graph.nodes.get(id)!), replicas };
  });
  return { vertices, edges: planEdges(graph, vertexOf, chains, parallelismOf), keyGroups: settings.keyGroups };
}

function checkPositiveInteger(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new FaultlineError("job-invalid", `${name} must be a positive integer, not ${value}`);
}

function checkParallelism(node: LogicalNode, parallelism: number, keyGroups: number): void {
  checkPositiveInteger(`operator "${node.id}": parallelism`, parallelism);
  if (parallelism <= keyGroups) return;
  throw new FaultlineError(
    "job-invalid",
    `operator "${node.id}": parallelism ${parallelism} > ${keyGroups} key groups`,
    {
      hint: "every instance needs a key group: raise the number of key groups or lower the parallelism",
    },
  );
}

function consumerCounts(graph: LogicalGraph): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of graph.nodes.values()) {
    for (const edge of node.inputs.flat()) counts.set(edge.from, (counts.get(edge.from) ?? 0) + 1);
  }
  return counts;
}

/** The node whose chain `node` joins, or null when it begins one. */
function chainedTo(
  graph: LogicalGraph,
  node: LogicalNode,
  consumers: ReadonlyMap<string, number>,
  parallelismOf: (node: LogicalNode) => number,
): string | null {
  const edges = node.inputs.flat();
  const edge = edges[0];
  if (edge === undefined || edges.length > 1 || edge.partitioning.kind !== "forward") return null;
  if (node.kind === "operator" && !node.chainable) return null;
  if (consumers.get(edge.from) !== 1) return null;
  return parallelismOf(graph.nodes.get(edge.from)!) === parallelismOf(node) ? edge.from : null;
}

function planEdges(
  graph: LogicalGraph,
  vertexOf: ReadonlyMap<string, string>,
  chains: ReadonlyMap<string, readonly string[]>,
  parallelismOf: (node: LogicalNode) => number,
): PlanEdge[] {
  const edges: PlanEdge[] = [];
  for (const head of chains.keys()) {
    const node = graph.nodes.get(head)!;
    node.inputs.forEach((input, index) => {
      for (const edge of input) {
        checkForward(edge, node, parallelismOf(graph.nodes.get(edge.from)!), parallelismOf(node));
        const from = vertexOf.get(edge.from)!;
        edges.push({ id: edges.length, from, to: head, input: index, partitioning: edge.partitioning });
      }
    });
  }
  return edges;
}

function checkForward(edge: LogicalEdge, to: LogicalNode, sender: number, receiver: number): void {
  if (edge.partitioning.kind !== "forward" || sender === receiver) return;
  throw new FaultlineError(
    "job-invalid",
    `operator "${to.id}" has parallelism ${receiver}, its input "${edge.from}" has ${sender}: rows cannot go straight on`,
    { hint: "put rebalance() or keyBy() between them" },
  );
}

/** The plan as text, for people: one line a vertex and one an edge. */
export function describePlan(plan: PhysicalPlan): string {
  const vertices = plan.vertices.map(({ operators, parallelism, replicas }) => {
    const copies = replicas === 1 ? "" : ` × ${replicas} replicas`;
    return `${operators.join(" → ")}  [${parallelism}${copies}]`;
  });
  const edges = plan.edges.map(({ id, from, to, input, partitioning }) => {
    const how = partitioning.kind === "hash" ? `hash(${partitioning.keys.join(", ")})` : partitioning.kind;
    return `edge ${id}: ${from} ⇒ ${to}${input === 0 ? "" : ` (input ${input})`}  ${how}`;
  });
  return [...vertices, ...edges, `key groups: ${plan.keyGroups}`].join("\n");
}
