import { FaultlineError } from "../../base/errors.ts";
import type { RowEncoder } from "../connectors/format.ts";
import { FilterOperator, type RowPredicate } from "../operators/filter.ts";
import { FlatMapOperator, type RowExpander } from "../operators/flat-map.ts";
import { MapOperator, type RowMapper } from "../operators/map.ts";
import { ProcessOperator, type RowProcess } from "../operators/process.ts";
import { ProjectOperator } from "../operators/project.ts";
import { TopPerWindowOperator } from "../operators/top-per-window.ts";
import { RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { LogicalEdge } from "./graph.ts";
import { KeyedStream } from "./keyed-stream.ts";
import { inOperator, numericField, sameSchema } from "./schemas.ts";

/** Which rows of a window `topPerWindow` keeps: all that have the largest `valueField` among those of equal `windowField`. */
export interface TopPerWindowOptions {
  /** Field with the window's end (exclusive), ms. */
  readonly windowField: string;
  readonly valueField: string;
}

/** Rows on their way from some nodes to the next one. Immutable; using one twice sends the rows both ways. */
export class Stream {
  readonly schema: RowSchema;
  /** The edges that whoever takes this stream as an input gets. */
  readonly edges: readonly LogicalEdge[];
  readonly #job: JobBuilder;

  constructor(job: JobBuilder, schema: RowSchema, edges: readonly LogicalEdge[]) {
    this.#job = job;
    this.schema = schema;
    this.edges = edges;
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
  process(id: string, schema: RowSchema, create: () => RowProcess): Stream {
    return this.#one(id, schema, () => new ProcessOperator(schema, create()));
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

  /** Sends rows of equal key to the same instance of what follows. */
  keyBy(...keys: readonly string[]): KeyedStream {
    for (const key of keys) inOperator(`keyBy(${keys.join(", ")})`, () => this.schema.index(key));
    const edges = this.edges.map(({ from }): LogicalEdge => ({ from, partitioning: { kind: "hash", keys } }));
    return new KeyedStream(this.#job, this.schema, edges, keys);
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
    );
  }

  /** Spreads the rows evenly over the instances of what follows. */
  rebalance(): Stream {
    return this.#repartitioned({ kind: "roundRobin" });
  }

  /** Sends every row to every instance of what follows. */
  broadcast(): Stream {
    return this.#repartitioned({ kind: "broadcast" });
  }

  /** Ends the stream: `encoder` makes the encoder of one sink task. */
  sink(id: string, encoder: () => RowEncoder): void {
    this.#job.add({ kind: "sink", id, parallelism: null, inputs: [this.edges], schema: this.schema, encoder });
  }

  #repartitioned(partitioning: LogicalEdge["partitioning"]): Stream {
    return new Stream(
      this.#job,
      this.schema,
      this.edges.map(({ from }) => ({ from, partitioning })),
    );
  }

  #one(id: string, schema: RowSchema, create: Parameters<JobBuilder["operator"]>[1]["create"]): Stream {
    return this.#job.operator(id, { schema, inputs: [this.edges], create });
  }
}
