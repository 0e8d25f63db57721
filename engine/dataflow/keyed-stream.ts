import { FaultlineError } from "../../base/errors.ts";
import type { RowEncoder } from "../connectors/format.ts";
import { type Aggregate, resultFields } from "../operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../operators/aggregate/bound-aggregates.ts";
import { OverOperator } from "../operators/aggregate/over.ts";
import { RunningAggregateOperator } from "../operators/aggregate/running-aggregate.ts";
import { type KeyedProcess, KeyedProcessOperator } from "../operators/keyed-process.ts";
import { RowKeys } from "../operators/keyed-rows.ts";
import type { SideCollectors, SideOutput } from "../operators/side-output.ts";
import { TopNOperator } from "../operators/top-n.ts";
import { TopPerWindowOperator } from "../operators/top-per-window.ts";
import type { ProcessingTimeSpec, SessionSpec, WindowSpec } from "../operators/window/window-spec.ts";
import { KeyCodec } from "../rows/key.ts";
import { RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { LogicalEdge, OperatorNode, TwoPhase } from "./graph.ts";
import { type JoinOptions, joinKeyed, type WindowJoinOptions, windowJoinKeyed } from "./joins.ts";
import { inOperator, numericField, sameSchema } from "./schemas.ts";
import type { ProcessOptions, Stream, TopPerWindowOptions } from "./stream.ts";
import { WindowedStream, type WindowOptions } from "./windowed-stream.ts";

export interface TopNOptions {
  readonly limit: number;
  /** Numeric fields, the most important first. */
  readonly orderBy: readonly (readonly [string, "ascending" | "descending"])[];
  readonly rankField: string;
}

export interface OverOptions {
  /** Rows before the current one that count, 0 … 1000. */
  readonly preceding: number;
  readonly aggregates: readonly Aggregate[];
  /** Rows that come when the watermark has passed them; without it they are dropped. Both are counted. */
  readonly late?: SideOutput;
}

const MAX_PRECEDING = 1000;

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

  /** Windows over event time (or, if the specification says so, processing time), per key. */
  window(id: string, spec: WindowSpec | SessionSpec | ProcessingTimeSpec, options: WindowOptions = {}): WindowedStream {
    return new WindowedStream(this, id, spec, options);
  }

  /**
   * Aggregates per key over all rows so far: an upsert stream with the key of this one. Each row that changes its key's results gives
   * one row: key fields, then the aggregates; event time is that of the row. State is kept for ever.
   */
  aggregate(id: string, ...aggregates: readonly Aggregate[]): Stream {
    return inOperator(id, () => {
      const { schema: input, keys } = this;
      const results = resultFields(input, aggregates);
      const schema = new RowSchema([...keys.map((key) => input.fields[input.index(key)]!), ...results]);
      const create = () => new RunningAggregateOperator(this.#codec(), new BoundAggregates(input, aggregates), schema);
      create();
      return this.operator(id, schema, create);
    });
  }

  /**
   * Each row with aggregates over itself and the `preceding` rows of its key before it, in the order of event time, among equals of
   * arrival: the input's fields, then the aggregates. A row leaves when the watermark reaches its event time.
   */
  over(id: string, { preceding, aggregates, late }: OverOptions): Stream {
    return inOperator(id, () => {
      const { schema: input } = this;
      checkOver(input, preceding, aggregates);
      if (late !== undefined && !sameSchema(late.schema, input)) {
        throw new FaultlineError("job-invalid", `the side output "${late.tag}" has not the fields of the input`);
      }
      const output = new RowSchema([...input.fields, ...resultFields(input, aggregates)]);
      const create = () => {
        const bound = new BoundAggregates(input, aggregates);
        const settings = { input, output, codec: this.#codec(), aggregates: bound, preceding };
        return new OverOperator({ ...settings, late: late?.tag ?? null });
      };
      return this.operator(id, output, create, { sideOutputs: late === undefined ? [] : [late] });
    });
  }

  /** A function with state and timers per key. `create` makes one for each instance. */
  process(
    id: string,
    schema: RowSchema,
    create: (sides: SideCollectors) => KeyedProcess,
    options: ProcessOptions = {},
  ): Stream {
    const { sideOutputs = [] } = options;
    const operator = () => new KeyedProcessOperator(this.#codec(), schema, create, sideOutputs);
    return this.operator(id, schema, operator, options);
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
  operator(
    id: string,
    schema: RowSchema,
    create: OperatorNode["create"],
    options: ProcessOptions & { readonly twoPhase?: TwoPhase } = {},
  ): Stream {
    const { parallelism } = this;
    const inputs = [this.edges];
    const made = this.#job.operator(id, { ...options, schema, inputs, keys: [this.keys], create, parallelism });
    return made.withParallelism(parallelism);
  }

  #codec(): KeyCodec {
    return new KeyCodec(this.schema, this.keys);
  }
}

function checkOver(input: RowSchema, preceding: number, aggregates: readonly Aggregate[]): void {
  if (!Number.isSafeInteger(preceding) || preceding < 0 || preceding > MAX_PRECEDING) {
    throw new FaultlineError("job-invalid", `${preceding} preceding rows`, {
      hint: `an integer from 0 to ${MAX_PRECEDING} is needed`,
    });
  }
  if (new BoundAggregates(input, aggregates).distinct.length === 0) return;
  throw new FaultlineError("job-invalid", "there are no distinct counts over the last rows", {
    hint: "keep the rows in a process function",
  });
}
