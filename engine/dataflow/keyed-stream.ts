import { FaultlineError } from "../../base/errors.ts";
import type { RowEncoder } from "../connectors/format.ts";
import { type KeyedProcess, KeyedProcessOperator } from "../operators/keyed-process.ts";
import { RowKeys } from "../operators/keyed-rows.ts";
import { TopNOperator } from "../operators/top-n.ts";
import { TopPerWindowOperator } from "../operators/top-per-window.ts";
import { type Aggregate, aggregateSchema, bindAggregates } from "../operators/window/aggregates.ts";
import { SessionAggregateOperator } from "../operators/window/session-aggregate.ts";
import { WindowAggregateOperator } from "../operators/window/window-aggregate.ts";
import { type SessionSpec, sessionGapMs, type WindowSpec, windowGeometry } from "../operators/window/window-spec.ts";
import { KeyCodec } from "../rows/key.ts";
import { RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { LogicalEdge, OperatorNode } from "./graph.ts";
import { type JoinOptions, joinKeyed, type WindowJoinOptions, windowJoinKeyed } from "./joins.ts";
import { inOperator, numericField } from "./schemas.ts";
import type { Stream, TopPerWindowOptions } from "./stream.ts";

export interface TopNOptions {
  readonly limit: number;
  /** Numeric fields, the most important first. */
  readonly orderBy: readonly (readonly [string, "ascending" | "descending"])[];
  readonly rankField: string;
}

/** A stream whose rows of equal key meet in one instance of the next operator. */
export class KeyedStream {
  readonly schema: RowSchema;
  readonly edges: readonly LogicalEdge[];
  readonly keys: readonly string[];
  /** Instances of what is added; null: the job's parallelism. */
  readonly parallelism: number | null;
  readonly #job: JobBuilder;

  constructor(
    job: JobBuilder,
    schema: RowSchema,
    edges: readonly LogicalEdge[],
    keys: readonly string[],
    parallelism: number | null = null,
  ) {
    this.#job = job;
    this.parallelism = parallelism;
    this.schema = schema;
    this.edges = edges;
    this.keys = keys;
  }

  /** Windows over event time, per key. */
  window(id: string, spec: WindowSpec | SessionSpec): WindowedStream {
    return new WindowedStream(this, id, spec);
  }

  /** A function with state and event-time timers per key. `create` makes one for each instance. */
  process(id: string, schema: RowSchema, create: () => KeyedProcess): Stream {
    return this.operator(id, schema, () => new KeyedProcessOperator(this.#codec(), schema, create()));
  }

  /** As `Stream.topPerWindow`, over all rows; the stream must be keyed by the window field (and no other). */
  topPerWindow(id: string, options: TopPerWindowOptions): Stream {
    return inOperator(id, () => {
      const { schema, keys } = this;
      const window = numericField(schema, options.windowField);
      const value = numericField(schema, options.valueField);
      if (keys.length !== 1 || keys[0] !== options.windowField) {
        throw new FaultlineError("job-invalid", `keyed by ${keys.join(", ")}, not by "${options.windowField}" alone`);
      }
      return this.operator(id, schema, () => new TopPerWindowOperator(schema, window, value, true));
    });
  }

  /**
   * Inner join with `other`, which is keyed alike, without time bound: every pair of rows of equal key, whichever came first. Both sides
   * are kept for ever. Event time: the larger of both.
   */
  join(id: string, other: KeyedStream, options: JoinOptions): Stream {
    return joinKeyed(this.#job, id, this, other, options);
  }

  /**
   * Join with `other`, which is keyed alike, within tumbling windows: rows of equal key whose event times lie in the same window. The
   * rows of a window leave when the watermark reaches its end − 1, their event time; rows that come later are dropped and counted.
   */
  windowJoin(id: string, other: KeyedStream, spec: WindowSpec, options: WindowJoinOptions): Stream {
    return windowJoinKeyed(this.#job, id, this, other, spec, options);
  }

  /**
   * Per key the first `limit` rows in this order, among equals by arrival, numbered from 1 in a last field `rankField`. An upsert stream
   * with the key (key, rank): a row that enters gives the new row of each rank that changes, ascending.
   */
  topN(id: string, { limit, orderBy, rankField }: TopNOptions): Stream {
    return inOperator(id, () => {
      const { schema: input, keys } = this;
      if (!Number.isSafeInteger(limit) || limit < 1) throw new FaultlineError("job-invalid", `a top of ${limit} rows`);
      if (orderBy.length === 0) throw new FaultlineError("job-invalid", "a top needs an order");
      const order = orderBy.map(([name, direction]) => {
        return { index: numericField(input, name), descending: direction === "descending" };
      });
      const output = new RowSchema([...input.fields, { name: rankField, type: "i64" }]);
      const create = () => new TopNOperator({ input, output, keys: new RowKeys(input, keys), order, limit });
      return this.operator(id, output, create);
    });
  }

  /** Ends the stream, with the rows of equal key in one sink instance. */
  sink(id: string, encoder: () => RowEncoder): void {
    const { schema, edges, parallelism } = this;
    this.#job.add({ kind: "sink", id, parallelism, inputs: [edges], schema, encoder });
  }

  /** Any keyed one-input operator. */
  operator(id: string, schema: RowSchema, create: OperatorNode["create"]): Stream {
    const { parallelism } = this;
    const made = this.#job.operator(id, { schema, inputs: [this.edges], keys: [this.keys], create, parallelism });
    return made.withParallelism(parallelism);
  }

  #codec(): KeyCodec {
    return new KeyCodec(this.schema, this.keys);
  }
}

/** A keyed stream with windows, waiting for what to compute in them. */
class WindowedStream {
  readonly #stream: KeyedStream;
  readonly #id: string;
  readonly #spec: WindowSpec | SessionSpec;

  constructor(stream: KeyedStream, id: string, spec: WindowSpec | SessionSpec) {
    this.#stream = stream;
    this.#id = id;
    this.#spec = spec;
  }

  /**
   * One row per key and window that has rows: key fields, then the aggregates, then `window_start` and `window_end` (ms, end
   * exclusive; of a session: first row, last row + gap). Event time = end − 1. Emitted when the watermark reaches end − 1; rows that come after are dropped and counted.
   */
  aggregate(...aggregates: readonly Aggregate[]): Stream {
    const { schema: input, keys } = this.#stream;
    const spec = this.#spec;
    return inOperator(this.#id, () => {
      const schema = aggregateSchema(input, keys, aggregates);
      const bound = () => bindAggregates(input, aggregates);
      const codec = () => new KeyCodec(input, keys);
      if (spec.kind === "session") {
        const gapMs = sessionGapMs(spec);
        const create = () => new SessionAggregateOperator(codec(), gapMs, bound(), schema);
        return this.#stream.operator(this.#id, schema, create);
      }
      const geometry = windowGeometry(spec);
      const create = () => new WindowAggregateOperator(codec(), geometry, bound(), schema);
      return this.#stream.operator(this.#id, schema, create);
    });
  }
}
