import { FaultlineError } from "../../base/errors.ts";
import { chainsOf } from "./chains.ts";
import type { LogicalGraph, LogicalNode } from "./graph.ts";

/** Replicas of vertices, by the kind of their operators: vertices of several counts are not chained. */
export type ReplicaCounts = Readonly<Record<LogicalNode["kind"], number>>;

/**
 * Replicas of every operator: those of its kind, unless `vertices` names the vertex that it belongs to. There vertices are the chains that
 * sources, operators and sinks form each among themselves, called by their first operator, whatever the counts are, so that
 * giving one of them another count changes nobody's name. `job-invalid` for an unknown name, and for sinks, which have no replicas.
 */
export function replicasOfOperators(
  graph: LogicalGraph,
  counts: ReplicaCounts,
  vertices: Readonly<Record<string, number>>,
  parallelismOf: (node: LogicalNode) => number,
): ReadonlyMap<string, number> {
  const alike = (sender: LogicalNode, receiver: LogicalNode) =>
    sender.kind === receiver.kind && parallelismOf(sender) === parallelismOf(receiver);
  const { chains, headOf } = chainsOf(graph, alike);
  for (const [name, count] of Object.entries(vertices)) {
    if (!chains.has(name)) throw unknownVertex(name, headOf.get(name), [...chains.keys()]);
    if (graph.nodes.get(name)!.kind === "sink" && count !== 1) {
      throw new FaultlineError("job-invalid", `sink "${name}": ${count} replicas, but sinks have none yet`, {
        hint: "give replicas to the operators before it",
      });
    }
  }
  return new Map(
    [...graph.nodes.values()].map(({ id, kind }) => {
      const head = headOf.get(id)!;
      return [id, Object.hasOwn(vertices, head) ? vertices[head]! : counts[kind]];
    }),
  );
}

function unknownVertex(name: string, head: string | undefined, names: readonly string[]): FaultlineError {
  const chained = head === undefined ? "" : `; that operator is part of vertex "${head}"`;
  return new FaultlineError("job-invalid", `replication of vertex "${name}", which the job does not have${chained}`, {
    hint: `its vertices are ${names.map((each) => `"${each}"`).join(", ")}`,
  });
}
