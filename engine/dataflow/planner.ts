import { FaultlineError } from "../../base/errors.ts";
import { chainsOf } from "./chains.ts";
import type { LogicalEdge, LogicalGraph, LogicalNode, OperatorNode } from "./graph.ts";
import type { PhysicalPlan, PlanEdge, Vertex } from "./plan.ts";
import { type ReplicaCounts, replicasOfOperators } from "./replica-counts.ts";
import { validateGraph } from "./validate.ts";

interface PlanSettings {
  /** Parallelism of every operator that names none. */
  readonly parallelism: number;
  readonly keyGroups: number;
  /** 1 each unless given. */
  readonly replicas?: ReplicaCounts;
  /** By vertex, where another count is wanted than `replicas` says. */
  readonly vertexReplicas?: Readonly<Record<string, number>>;
}

/** Most replicas of one instance. */
const MAX_REPLICAS = 4;

const UNREPLICATED: ReplicaCounts = { source: 1, operator: 1, sink: 1 };

/**
 * The physical plan of a graph: forward edges become parts of a chain where both ends have the same parallelism and as many replicas,
 * the sender sends nowhere else, the receiver receives nothing else and allows it. Pure and deterministic: the coordinator and every worker get the
 * same plan. `job-invalid` when the graph or the settings cannot run.
 */
export function planJob(graph: LogicalGraph, settings: PlanSettings): PhysicalPlan {
  validateGraph(graph);
  checkPositiveInteger("keyGroups", settings.keyGroups);
  checkPositiveInteger("parallelism", settings.parallelism);
  const parallelismOf = (node: LogicalNode) => node.parallelism ?? settings.parallelism;
  const { replicas: byKind = UNREPLICATED, vertexReplicas = {} } = settings;
  const replicas = replicasOfOperators(graph, byKind, vertexReplicas, parallelismOf);
  const replicasOf = ({ id }: LogicalNode) => replicas.get(id)!;
  for (const node of graph.nodes.values()) {
    checkParallelism(node, parallelismOf(node), settings.keyGroups);
    checkReplicas(node, replicasOf(node));
  }
  const alike = (sender: LogicalNode, receiver: LogicalNode) =>
    parallelismOf(sender) === parallelismOf(receiver) && replicasOf(sender) === replicasOf(receiver);
  const { chains, headOf } = chainsOf(graph, alike);
  const vertices = [...chains].map(([id, operators]): Vertex => {
    const first = graph.nodes.get(id)!;
    return { id, operators, parallelism: parallelismOf(first), replicas: replicasOf(first) };
  });
  return { vertices, edges: planEdges(graph, headOf, chains, parallelismOf), keyGroups: settings.keyGroups };
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

function checkReplicas(node: LogicalNode, replicas: number): void {
  checkPositiveInteger(`operator "${node.id}": replicas`, replicas);
  if (replicas > MAX_REPLICAS) {
    throw new FaultlineError("job-invalid", `operator "${node.id}": ${replicas} replicas, at most ${MAX_REPLICAS}`);
  }
  if (replicas === 1 || node.kind !== "operator") return;
  if (node.loop !== undefined) {
    throw new FaultlineError(
      "job-invalid",
      `operator "${node.id}" is the head of a loop: loops cannot be replicated yet`,
      {
        hint: "run the job without replication",
      },
    );
  }
  checkDeterministic(node);
}

function checkDeterministic({ id, processingTime, deterministic }: OperatorNode): void {
  if (deterministic === false) {
    throw new FaultlineError("job-invalid", `operator "${id}" is not deterministic: its replicas would not agree`, {
      hint: "run the job without replication: rows of call-outs and of what is declared so are no function of the input",
    });
  }
  if (processingTime !== true || deterministic === true) return;
  throw new FaultlineError("job-invalid", `operator "${id}" reads the clock: its replicas would not agree`, {
    hint: "run the job without replication, use event time, or declare a process function deterministic if the clock decides nothing",
  });
}

function planEdges(
  graph: LogicalGraph,
  headOf: ReadonlyMap<string, string>,
  chains: ReadonlyMap<string, readonly string[]>,
  parallelismOf: (node: LogicalNode) => number,
): PlanEdge[] {
  const edges: PlanEdge[] = [];
  for (const head of chains.keys()) {
    const node = graph.nodes.get(head)!;
    node.inputs.forEach((input, index) => {
      for (const edge of input) {
        checkForward(edge, node, parallelismOf(graph.nodes.get(edge.from)!), parallelismOf(node));
        const from = headOf.get(edge.from)!;
        const { partitioning, feedback } = edge;
        const output = edge.output === undefined ? {} : { output: { operator: edge.from, tag: edge.output } };
        const back = feedback === undefined ? {} : { feedback };
        edges.push({ id: edges.length, from, to: head, input: index, partitioning, ...output, ...back });
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
  const edges = plan.edges.map(({ id, from, to, input, partitioning, output, feedback }) => {
    const how = partitioning.kind === "hash" ? `hash(${partitioning.keys.join(", ")})` : partitioning.kind;
    const what = output === undefined ? "" : ` (${output.tag} of ${output.operator})`;
    const back = feedback === true ? "  feedback" : "";
    return `edge ${id}: ${from}${what} ⇒ ${to}${input === 0 ? "" : ` (input ${input})`}  ${how}${back}`;
  });
  return [...vertices, ...edges, `key groups: ${plan.keyGroups}`].join("\n");
}
