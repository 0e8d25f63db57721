import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { RecordDecoder } from "../connectors/format.ts";
import type { SideOutput } from "../operators/side-output.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { LogicalEdge, LogicalGraph, LogicalNode, LoopBounds, OperatorNode, TwoPhase } from "./graph.ts";
import { Stream } from "./stream.ts";
import { validateGraph } from "./validate.ts";

interface SourceOptions {
  readonly schema: RowSchema;
  /** Makes the decoder of one source task. */
  readonly decoder: (maxBatchRows: number) => RecordDecoder;
  /** Bounded disorder: watermark = largest event time − this. */
  readonly watermarkDelayMs: number;
  readonly parallelism?: number;
}

/** What `JobBuilder.operator` needs: an `OperatorNode` but for what has a usual value. */
interface OperatorOptions {
  readonly schema: RowSchema;
  readonly inputs: readonly (readonly LogicalEdge[])[];
  readonly keys?: readonly (readonly string[])[];
  readonly chainable?: boolean;
  /** The operator is given the processing time; false unless said. */
  readonly processingTime?: boolean;
  /** See `OperatorNode`. */
  readonly deterministic?: boolean;
  /** Outputs beside the main one; `Stream.side` reads them. */
  readonly sideOutputs?: readonly SideOutput[];
  readonly loop?: LoopBounds;
  readonly twoPhase?: TwoPhase;
  readonly parallelism?: number | null;
  readonly create: OperatorNode["create"];
}

/** Starts a job graph: add sources, go on from the streams they give, end in sinks, then `build()`. */
export function job(name: string): JobBuilder {
  return new JobBuilder(name);
}

/** Collects the nodes of one graph. Ids are the caller's: stable names that state belongs to. */
export class JobBuilder {
  readonly #name: string;
  readonly #nodes = new Map<string, LogicalNode>();

  constructor(name: string) {
    this.#name = name;
  }

  /** A source of rows; which log it reads is the job specification's business. */
  source(id: string, options: SourceOptions): Stream {
    const { schema, decoder, watermarkDelayMs } = options;
    const parallelism = options.parallelism ?? null;
    return this.add({ kind: "source", id, parallelism, inputs: [], schema, decoder, watermarkDelayMs });
  }

  /** Any operator, with any number of inputs; the methods of `Stream` cover the usual ones. */
  operator(id: string, options: OperatorOptions): Stream {
    const { sideOutputs = [], loop, deterministic, twoPhase } = options;
    const sides = new Map(sideOutputs.map(({ tag, schema }) => [tag, schema]));
    if (sides.size !== sideOutputs.length) {
      throw new FaultlineError("job-invalid", `operator "${id}": two side outputs have one tag`);
    }
    return this.add({
      kind: "operator",
      id,
      parallelism: options.parallelism ?? null,
      inputs: options.inputs,
      schema: options.schema,
      keys: options.keys ?? null,
      chainable: options.chainable ?? true,
      processingTime: options.processingTime ?? false,
      ...(deterministic === undefined ? {} : { deterministic }),
      ...(sides.size === 0 ? {} : { sideOutputs: sides }),
      ...(loop === undefined ? {} : { loop }),
      ...(twoPhase === undefined ? {} : { twoPhase }),
      create: options.create,
    });
  }

  /** Adds a node; `job-invalid` when its id is taken. Returns the stream of its rows, which goes on with the job's parallelism. */
  add(node: LogicalNode): Stream {
    if (this.#nodes.has(node.id)) {
      throw new FaultlineError("job-invalid", `two operators are called "${node.id}"`, { hint: "ids must be unique" });
    }
    this.#nodes.set(node.id, node);
    return new Stream(this, node.schema, [{ from: node.id, partitioning: { kind: "forward" } }]);
  }

  /** The node with this id; it has been added. */
  node(id: string): LogicalNode {
    return present(this.#nodes.get(id), `operator ${id}`);
  }

  /** Feeds `edges` back into the head of a loop, which was added without them. */
  closeLoop(head: string, edges: readonly LogicalEdge[]): void {
    const node = this.node(head);
    const [outside] = node.inputs;
    this.#nodes.set(head, { ...node, inputs: [outside!, edges.map((edge) => ({ ...edge, feedback: true as const }))] });
  }

  /** The finished graph; `job-invalid` (see `validateGraph`) when it cannot run. */
  build(): LogicalGraph {
    const graph: LogicalGraph = { name: this.#name, nodes: new Map(this.#nodes) };
    validateGraph(graph);
    return graph;
  }
}
