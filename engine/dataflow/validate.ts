import type { RowSchema } from "../rows/schema.ts";
import type { LogicalEdge, LogicalGraph, LogicalNode } from "./graph.ts";
import { checkLoop } from "./loops.ts";
import { inOperator, invalid, sameSchema } from "./schemas.ts";

/** Throws `job-invalid`, naming the operator, unless the graph can run. */
export function validateGraph(graph: LogicalGraph): void {
  const nodes = [...graph.nodes.values()];
  if (!nodes.some((node) => node.kind === "source")) throw invalid(graph.name, "the job has no source");
  if (!nodes.some((node) => node.kind === "sink")) throw invalid(graph.name, "the job has no sink");
  const seen = new Set<string>();
  for (const [id, node] of graph.nodes) {
    if (id !== node.id) throw invalid(node.id, `is registered as "${id}"`);
    checkInputCount(node);
    for (const [index, input] of node.inputs.entries()) {
      for (const edge of input) checkEdge(graph, node, edge, index, seen);
    }
    if (node.kind === "operator" && node.loop !== undefined) checkLoop(graph, node, seen);
    checkInputSchemas(graph, node);
    if (node.kind === "operator" && node.keys !== null) checkKeys(node.id, node.inputs, node.keys);
    seen.add(id);
  }
  checkOutputs(nodes);
}

function checkInputCount(node: LogicalNode): void {
  const { id, kind, inputs } = node;
  if (kind === "source" && inputs.length > 0) throw invalid(id, "a source has no inputs");
  if (kind === "sink" && inputs.length !== 1) throw invalid(id, "the sink is not connected");
  if (kind === "operator" && (inputs.length < 1 || inputs.length > 2)) throw invalid(id, "needs one or two inputs");
  if (inputs.some((input) => input.length === 0)) throw invalid(id, "an input is not connected");
}

function checkEdge(
  graph: LogicalGraph,
  node: LogicalNode,
  edge: LogicalEdge,
  input: number,
  seen: ReadonlySet<string>,
): void {
  const sender = graph.nodes.get(edge.from);
  if (sender === undefined) throw invalid(node.id, `reads from "${edge.from}", which does not exist`);
  if (edge.feedback === true) {
    if (node.kind !== "operator" || node.loop === undefined || input !== 1) {
      throw invalid(node.id, `a feedback edge from "${edge.from}" leads to it, but it is not the head of a loop`);
    }
    checkKeysExist(graph, node, edge);
    return;
  }
  if (!seen.has(edge.from)) {
    throw invalid(
      node.id,
      `reads from "${edge.from}", which comes after it`,
      "list inputs first; rows go back only to the head of a loop, which iterate() makes",
    );
  }
  if (sender.kind === "sink") throw invalid(node.id, `reads from the sink "${edge.from}"`);
  if (edge.output !== undefined && (sender.kind !== "operator" || sender.sideOutputs?.has(edge.output) !== true)) {
    throw invalid(node.id, `reads the side output "${edge.output}" of "${edge.from}", which has none of that tag`);
  }
  checkKeysExist(graph, node, edge);
}

function checkKeysExist(graph: LogicalGraph, node: LogicalNode, edge: LogicalEdge): void {
  const { partitioning } = edge;
  if (partitioning.kind !== "hash") return;
  if (partitioning.keys.length === 0) throw invalid(node.id, "a hash edge needs at least one key field");
  for (const key of partitioning.keys) inOperator(node.id, () => schemaOf(graph, edge).index(key));
}

/** Fields of the rows on an edge, whose sender exists. */
function schemaOf(graph: LogicalGraph, { from, output }: LogicalEdge): RowSchema {
  const sender = graph.nodes.get(from)!;
  if (output === undefined || sender.kind !== "operator") return sender.schema;
  return sender.sideOutputs!.get(output)!;
}

/** All edges of one input carry one schema; a sink takes rows as they are. */
function checkInputSchemas(graph: LogicalGraph, node: LogicalNode): void {
  for (const input of node.inputs) {
    const first = schemaOf(graph, input[0]!);
    const other = input.find((edge) => !sameSchema(first, schemaOf(graph, edge)));
    if (other !== undefined) {
      throw invalid(node.id, `its inputs "${input[0]!.from}" and "${other.from}" have different fields`);
    }
    if (node.kind === "sink" && !sameSchema(first, node.schema)) {
      throw invalid(node.id, `its fields are not those of "${input[0]!.from}"`);
    }
  }
}

function checkKeys(id: string, inputs: LogicalNode["inputs"], keys: readonly (readonly string[])[]): void {
  inputs.forEach((input, i) => {
    const wanted = keys[i];
    if (wanted === undefined) throw invalid(id, `input ${i} of a keyed operator has no keys`);
    for (const { from, partitioning } of input) {
      const same = partitioning.kind === "hash" && partitioning.keys.join("\0") === wanted.join("\0");
      if (same) continue;
      throw invalid(
        id,
        `is keyed by ${wanted.join(", ")}, but rows from "${from}" do not come hashed by that`,
        "put keyBy() directly before it",
      );
    }
  });
}

function checkOutputs(nodes: readonly LogicalNode[]): void {
  const edges = nodes.flatMap((node) => node.inputs.flat());
  const read = new Set(edges.filter(({ output }) => output === undefined).map(({ from }) => from));
  for (const { id, kind } of nodes) {
    if (kind !== "sink" && !read.has(id)) throw invalid(id, "nothing reads its rows", "end every stream in a sink");
  }
}
