import type { RecordDecoder, RowEncoder } from "../connectors/format.ts";
import type { Operator } from "../operators/operator.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { Partitioning } from "./plan.ts";

/** An edge of the logical graph: rows of operator `from`, spread over the receiver's instances by `partitioning`. */
export interface LogicalEdge {
  readonly from: string;
  readonly partitioning: Partitioning;
  /** Tag of a side output of `from`, whose rows the edge carries instead of the main ones. */
  readonly output?: string;
  /** Leads back to the head of a loop, `from` comes after it. */
  readonly feedback?: true;
}

interface NodeBase {
  /** Stable id, unique in the graph; state belongs to it. */
  readonly id: string;
  /** null: the job's parallelism. */
  readonly parallelism: number | null;
  /** inputs[i] = the edges that together form input i (several: union). */
  readonly inputs: readonly (readonly LogicalEdge[])[];
}

export interface SourceNode extends NodeBase {
  readonly kind: "source";
  readonly schema: RowSchema;
  readonly watermarkDelayMs: number;
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
}

export interface LoopBounds {
  /** Bytes that may wait in one instance of the head because the loop's body takes no more. */
  readonly maxQueuedBytes: number;
}

/** How an aggregation over a hash exchange is divided: a stateless operator before it, and another one in the node's place. */
export interface TwoPhase {
  /** Of the rows that cross the exchange; it has the key's fields. */
  readonly schema: RowSchema;
  readonly createLocal: () => Operator;
  /** Its state is that of the node's operator. */
  readonly createGlobal: () => Operator;
}

export interface OperatorNode extends NodeBase {
  readonly kind: "operator";
  readonly schema: RowSchema;
  /** Keyed operators need hash edges on exactly these fields (per input). */
  readonly keys: readonly (readonly string[])[] | null;
  /** false: must not be chained to its input even where it could be. */
  readonly chainable: boolean;
  /** The operator reads the clock, so that running it again gives other rows. */
  readonly processingTime?: boolean;
  /**
   * true: although it reads the clock, neither that nor its timers decide what rows it gives, nor when. false: its rows are no function of
   * its input. Absent: they are one unless it reads the clock. Replicas need that; they are compared while they run.
   */
  readonly deterministic?: boolean;
  /** Schemas of its side outputs, by tag. */
  readonly sideOutputs?: ReadonlyMap<string, RowSchema>;
  /** It is the head of a loop; its input 1 is fed back. */
  readonly loop?: LoopBounds;
  /** There where the node can be run in two phases (`two-phase.ts`). */
  readonly twoPhase?: TwoPhase;
  readonly create: () => Operator;
}

export interface SinkNode extends NodeBase {
  readonly kind: "sink";
  readonly schema: RowSchema;
  readonly encoder: () => RowEncoder;
}

export type LogicalNode = SourceNode | OperatorNode | SinkNode;

/** What a job module's default export returns: nodes by id, in an order in which every input comes before its user. */
export interface LogicalGraph {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, LogicalNode>;
}

/** A job module's default export. `parameters` come from the job specification; throw `job-invalid` on bad ones. */
export type JobFactory = (parameters: Readonly<Record<string, unknown>>) => LogicalGraph;
