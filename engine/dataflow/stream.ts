import { FaultlineError } from "../../base/errors.ts";
import type { RowEncoder } from "../connectors/format.ts";
import type { CallOutFunction } from "../operators/call-out.ts";
import { DeriveOperator, expression, type RowExpression, tumblingBounds } from "../operators/derive.ts";
import { FilterOperator, type RowPredicate } from "../operators/filter.ts";
import { FlatMapOperator, type RowExpander } from "../operators/flat-map.ts";
import { MapOperator, type RowMapper } from "../operators/map.ts";
import { ProcessOperator, type RowProcess } from "../operators/process.ts";
import { ProjectOperator } from "../operators/project.ts";
import type { SideCollectors, SideOutput } from "../operators/side-output.ts";
import type { SideTable } from "../operators/side-table.ts";
import { StampOperator } from "../operators/stamp.ts";
import { TopPerWindowOperator } from "../operators/top-per-window.ts";
import { tumbling, windowGeometry } from "../operators/window/window-spec.ts";
import { type Field, RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import { type CallOutOptions, callOutOperator } from "./call-out.ts";
import type { LogicalEdge, OperatorNode } from "./graph.ts";
import { type IterateOptions, iterate, type LoopBody } from "./iterate.ts";
import { KeyedStream } from "./keyed-stream.ts";
import { type LookupJoinOptions, lookupJoin } from "./lookup-join.ts";
import { inOperator, numericField, sameSchema } from "./schemas.ts";

/** Which rows of a window `topPerWindow` keeps: all that have the largest `valueField` among those of equal `windowField`. */
export interface TopPerWindowOptions {
  /** Field with the window's end (exclusive), ms. */
  readonly windowField: string;
  readonly valueField: string;
}

/** What an operator declares beside its function. */
export interface ProcessOptions {
  /** Outputs beside the main one; read them with `Stream.side`. */
  readonly sideOutputs?: readonly SideOutput[];
  /** The operator is given the clock and timers; running it again gives other rows, so such a job cannot be replicated. */
  readonly processingTime?: boolean;
  /**
   * Whether its rows are a function of its input alone, for jobs with replicas. true: they are, although it is given the clock. false: they
   * are not, because it draws random numbers, say, or walks through something in an order that the input does not fix.
   */
  readonly deterministic?: boolean;
}

/** Rows on their way from some nodes to the next one. Immutable; using one twice sends the rows both ways. */
export class Stream {
  readonly schema: RowSchema;
  /** The edges that whoever takes this stream as an input gets. */
  readonly edges: readonly LogicalEdge[];
  readonly #job: JobBuilder;
  /** Instances of what is added; null: the job's parallelism. */
  readonly parallelism: number | null;

  constructor(job: JobBuilder, schema: RowSchema, edges: readonly LogicalEdge[], parallelism: number | null = null) {
    this.#job = job;
    this.schema = schema;
    this.edges = edges;
    this.parallelism = parallelism;
  }

  /** What is added from here on has so many instances; null: the job's parallelism. */
  withParallelism(parallelism: number | null): Stream {
    return new Stream(this.#job, this.schema, this.edges, parallelism);
  }

  /** Keeps the rows for which `predicate` holds; copies nothing. */
  filter(id: string, predicate: RowPredicate): Stream {
    return this.#one(id, this.schema, () => new FilterOperator(predicate));
  }

  /** Makes one row of each: `mapper` sets the fields of `out`, which has `schema`. Event time and kind stay. */
  map(id: string, schema: RowSchema, mapper: RowMapper): Stream {
    return this.#one(id, schema, () => new MapOperator(schema, mapper));
  }

  /** Keeps the named fields, in that order; `[name, newName]` renames. Copies nothing. */
  project(id: string, fields: readonly (string | readonly [string, string])[]): Stream {
    return inOperator(id, () => {
      const pairs = fields.map((field) => (typeof field === "string" ? ([field, field] as const) : field));
      const indexes = pairs.map(([from]) => this.schema.index(from));
      const schema = new RowSchema(pairs.map(([, name], i) => ({ name, type: this.schema.fields[indexes[i]!]!.type })));
      return this.#one(id, schema, () => new ProjectOperator(schema, indexes));
    });
  }

  /** Makes any number of rows of each: `expander` calls `out.addRow` and sets the fields. */
  flatMap(id: string, schema: RowSchema, expander: RowExpander): Stream {
    return this.#one(id, schema, () => new FlatMapOperator(schema, expander));
  }

  /** A function with state of its own per instance (not per key). `create` makes one for each instance. */
  process(
    id: string,
    schema: RowSchema,
    create: (sides: SideCollectors) => RowProcess,
    options: Omit<ProcessOptions, "processingTime"> = {},
  ): Stream {
    const { sideOutputs = [] } = options;
    return this.#one(id, schema, () => new ProcessOperator(schema, create, sideOutputs), options);
  }

  /** The rows of a side output of the operator that this stream comes from. `job-invalid` when it does not declare it. */
  side({ tag, schema }: SideOutput): Stream {
    const [edge] = this.edges;
    const id = edge!.from;
    const node = this.#job.node(id);
    const declared = node.kind === "operator" ? node.sideOutputs?.get(tag) : undefined;
    if (this.edges.length > 1 || edge!.output !== undefined || declared !== schema) {
      const problem = declared === undefined ? "has no side output" : "has with other fields the side output";
      throw new FaultlineError("job-invalid", `operator "${id}" ${problem} "${tag}"`, {
        hint: "declare it where the operator is added, and ask that operator's own stream for it",
      });
    }
    const edges: LogicalEdge[] = [{ from: id, partitioning: { kind: "forward" }, output: tag }];
    return new Stream(this.#job, schema, edges, this.parallelism);
  }

  /** Sets a DECIMAL field (thousandths of ms since the epoch) to the processing time, in all rows or in those where it is 0. */
  stampProcessingTime(id: string, field: string, onlyWhereZero = false): Stream {
    const { schema } = this;
    return inOperator(id, () => {
      const index = numericField(schema, field);
      return this.#one(id, schema, () => new StampOperator(index, onlyWhereZero), { processingTime: true });
    });
  }

  /** Adds a field that is held as numbers (decimals in thousandths): `compute` of each row, null for NULL. Copies nothing. */
  compute(id: string, field: Field, compute: RowExpression): Stream {
    return inOperator(id, () => {
      const schema = new RowSchema([...this.schema.fields, field]);
      numericField(schema, field.name);
      return this.#one(id, schema, () => new DeriveOperator(schema, 1, expression(compute)));
    });
  }

  /** Adds `window_start` and `window_end`: the tumbling window that the row's event time lies in, ms, end exclusive. */
  tumblingWindow(id: string, sizeMs: number): Stream {
    return inOperator(id, () => {
      windowGeometry(tumbling(sizeMs));
      const bounds = ["window_start", "window_end"].map((name) => ({ name, type: "timestamp" }) as const);
      const schema = new RowSchema([...this.schema.fields, ...bounds]);
      return this.#one(id, schema, () => new DeriveOperator(schema, 2, tumblingBounds(sizeMs)));
    });
  }

  /** Per window the rows with the largest value that this instance sees, emitted when the watermark passes the window's end. */
  topPerWindow(id: string, options: TopPerWindowOptions): Stream {
    return inOperator(id, () => {
      const { schema } = this;
      const window = numericField(schema, options.windowField);
      const value = numericField(schema, options.valueField);
      return this.#one(id, schema, () => new TopPerWindowOperator(schema, window, value, false));
    });
  }

  /**
   * Joins with a table that every instance loads, in full, before it starts: each row with all table rows whose fields equal its own, pair
   * by pair of `on`, in the table's order. Event time and kind are the row's.
   */
  lookupJoin(id: string, table: SideTable, options: LookupJoinOptions): Stream {
    return inOperator(id, () => {
      const { schema, create } = lookupJoin(this.schema, table, options);
      return this.#one(id, schema, create);
    });
  }

  /**
   * Asks a service about each row and goes on with the rows that `create`'s function makes of the responses, of `schema`. A bounded number
   * of requests is under way at once; watermarks wait for the rows before them. After a failure rows may be asked about again.
   */
  callOut(id: string, schema: RowSchema, options: CallOutOptions, create: () => CallOutFunction): Stream {
    return inOperator(id, () => {
      const operator = callOutOperator(this.schema, schema, options, create);
      const sideOutputs = options.failed === undefined ? [] : [options.failed];
      return this.#one(id, schema, operator, { processingTime: true, deterministic: false, sideOutputs });
    });
  }

  /**
   * A loop: `body` gets this stream's rows and those that it feeds back. There is no event time in a loop, nor behind it: watermarks do
   * not pass; at the end of input the loop runs until it is empty. Its head takes rows that come back before new ones.
   */
  iterate(id: string, body: (rows: Stream) => LoopBody, options: IterateOptions = {}): Stream {
    return iterate(this.#job, id, this, body, options);
  }

  /** Sends rows of equal key to the same instance of what follows. */
  keyBy(...keys: readonly string[]): KeyedStream {
    for (const key of keys) inOperator(`keyBy(${keys.join(", ")})`, () => this.schema.index(key));
    const edges = this.edges.map((edge): LogicalEdge => ({ ...edge, partitioning: { kind: "hash", keys } }));
    return new KeyedStream(this.#job, this.schema, edges, keys, this.parallelism);
  }

  /** The rows of this and the other streams, which must have the same schema. */
  union(...others: readonly Stream[]): Stream {
    const different = others.find((other) => !sameSchema(this.schema, other.schema));
    if (different !== undefined) {
      const names = [...this.edges, ...different.edges].map((edge) => `"${edge.from}"`).join(", ");
      throw new FaultlineError("job-invalid", `union of ${names}: the schemas differ`);
    }
    return new Stream(
      this.#job,
      this.schema,
      [this, ...others].flatMap((stream) => stream.edges),
      this.parallelism,
    );
  }

  /** Spreads the rows evenly over the instances of what follows. */
  rebalance(): Stream {
    return this.#repartitioned({ kind: "roundRobin" });
  }

  /** Sends rows of equal key to the same instance of what follows, which takes them as a plain stream: for what needs no state. */
  partitionBy(...keys: readonly string[]): Stream {
    for (const key of keys) inOperator(`partitionBy(${keys.join(", ")})`, () => this.schema.index(key));
    return this.#repartitioned({ kind: "hash", keys });
  }

  /** Sends every row to every instance of what follows. */
  broadcast(): Stream {
    return this.#repartitioned({ kind: "broadcast" });
  }

  /** Ends the stream: `encoder` makes the encoder of one sink task. */
  sink(id: string, encoder: () => RowEncoder): void {
    const { schema, edges } = this;
    this.#job.add({ kind: "sink", id, parallelism: this.parallelism, inputs: [edges], schema, encoder });
  }

  #repartitioned(partitioning: LogicalEdge["partitioning"]): Stream {
    return new Stream(
      this.#job,
      this.schema,
      this.edges.map((edge) => ({ ...edge, partitioning })),
      this.parallelism,
    );
  }

  #one(id: string, schema: RowSchema, create: OperatorNode["create"], options: ProcessOptions = {}): Stream {
    const { parallelism, edges } = this;
    const made = this.#job.operator(id, { ...options, schema, inputs: [edges], create, parallelism });
    return made.withParallelism(parallelism);
  }
}
