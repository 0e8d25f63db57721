/**
 * The physical plan: what `planner.ts` makes of a logical graph, the same in the coordinator and in every worker because it is a
 * pure function of (graph, settings). Plain data, printable.
 */
export type Partitioning =
  | { readonly kind: "forward" }
  | { readonly kind: "hash"; readonly keys: readonly string[] }
  | { readonly kind: "roundRobin" }
  | { readonly kind: "broadcast" };

/** A chain of operators that runs as one task per subtask. */
export interface Vertex {
  /** Stable: the id of its first operator. */
  readonly id: string;
  /** Operator ids, first to last; a source is the first, a sink the last operator of its chain. */
  readonly operators: readonly string[];
  readonly parallelism: number;
  /** Replication factor; subtask = instance · replicas + replica. */
  readonly replicas: number;
}

/** A network edge between vertices (forward edges that could be chained are inside a vertex). */
export interface PlanEdge {
  /** Position in `PhysicalPlan.edges`; used in frame headers. */
  readonly id: number;
  readonly from: string;
  readonly to: string;
  /** Input of the receiving vertex's first operator: 0 or 1. Several edges may share an input (union). */
  readonly input: number;
  readonly partitioning: Partitioning;
  /** The edge carries a side output of an operator of the sending vertex, not the vertex's rows. */
  readonly output?: SideOutputId;
  /** It closes a loop, whose head is the first operator of the receiving vertex. */
  readonly feedback?: true;
}

export interface SideOutputId {
  readonly operator: string;
  readonly tag: string;
}

export interface PhysicalPlan {
  readonly vertices: readonly Vertex[];
  readonly edges: readonly PlanEdge[];
  readonly keyGroups: number;
}
