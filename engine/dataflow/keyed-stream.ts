import { FaultlineError } from "../../base/errors.ts";
import type { RowEncoder } from "../connectors/format.ts";
import { type KeyedProcess, KeyedProcessOperator } from "../operators/keyed-process.ts";
import { TopPerWindowOperator } from "../operators/top-per-window.ts";
import { type Aggregate, aggregateSchema, bindAggregates } from "../operators/window/aggregates.ts";
import { WindowAggregateOperator } from "../operators/window/window-aggregate.ts";
import { type WindowSpec, windowGeometry } from "../operators/window/window-spec.ts";
import { KeyCodec } from "../rows/key.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { LogicalEdge, OperatorNode } from "./graph.ts";
import { inOperator, numericField } from "./schemas.ts";
import type { Stream, TopPerWindowOptions } from "./stream.ts";

/** A stream whose rows of equal key meet in one instance of the next operator. */
export class KeyedStream {
  readonly schema: RowSchema;
  readonly edges: readonly LogicalEdge[];
  readonly keys: readonly string[];
  readonly #job: JobBuilder;

  constructor(job: JobBuilder, schema: RowSchema, edges: readonly LogicalEdge[], keys: readonly string[]) {
    this.#job = job;
    this.schema = schema;
    this.edges = edges;
    this.keys = keys;
  }

  /** Windows over event time, per key. */
  window(id: string, spec: WindowSpec): WindowedStream {
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

  /** Ends the stream, with the rows of equal key in one sink instance. */
  sink(id: string, encoder: () => RowEncoder): void {
    this.#job.add({ kind: "sink", id, parallelism: null, inputs: [this.edges], schema: this.schema, encoder });
  }

  /** Any keyed one-input operator. */
  operator(id: string, schema: RowSchema, create: OperatorNode["create"]): Stream {
    return this.#job.operator(id, { schema, inputs: [this.edges], keys: [this.keys], create });
  }

  #codec(): KeyCodec {
    return new KeyCodec(this.schema, this.keys);
  }
}

/** A keyed stream with windows, waiting for what to compute in them. */
class WindowedStream {
  readonly #stream: KeyedStream;
  readonly #id: string;
  readonly #spec: WindowSpec;

  constructor(stream: KeyedStream, id: string, spec: WindowSpec) {
    this.#stream = stream;
    this.#id = id;
    this.#spec = spec;
  }

  /**
   * One row per key and window that has rows: key fields, then the aggregates, then `window_start` and `window_end` (ms, end
   * exclusive). Event time = end − 1. Emitted when the watermark reaches end − 1; rows that come after are dropped and counted.
   */
  aggregate(...aggregates: readonly Aggregate[]): Stream {
    const { schema: input, keys } = this.#stream;
    return inOperator(this.#id, () => {
      const geometry = windowGeometry(this.#spec);
      const schema = aggregateSchema(input, keys, aggregates);
      return this.#stream.operator(
        this.#id,
        schema,
        () =>
          new WindowAggregateOperator(new KeyCodec(input, keys), geometry, bindAggregates(input, aggregates), schema),
      );
    });
  }
}
