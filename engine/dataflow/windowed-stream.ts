import { FaultlineError } from "../../base/errors.ts";
import type { Aggregate } from "../operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../operators/aggregate/bound-aggregates.ts";
import type { SideOutput } from "../operators/side-output.ts";
import { LocalWindowAggregateOperator } from "../operators/window/local-window-aggregate.ts";
import { PartialRows, partialSchema } from "../operators/window/partial-rows.ts";
import { ProcessingTimeWindowOperator } from "../operators/window/processing-time-window.ts";
import { SessionAggregateOperator } from "../operators/window/session-aggregate.ts";
import { WindowAggregateOperator } from "../operators/window/window-aggregate.ts";
import { windowSchema } from "../operators/window/window-schema.ts";
import {
  type ProcessingTimeSpec,
  type SessionSpec,
  sessionGapMs,
  type WindowGeometry,
  type WindowSpec,
  windowGeometry,
} from "../operators/window/window-spec.ts";
import { KeyCodec } from "../rows/key.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { OperatorNode, TwoPhase } from "./graph.ts";
import type { KeyedStream } from "./keyed-stream.ts";
import { inOperator, sameSchema } from "./schemas.ts";
import type { Stream } from "./stream.ts";

export interface WindowOptions {
  /** Rows that come after their last window has fired; their fields are the input's. Without it they are dropped. Both are counted. */
  readonly late?: SideOutput;
}

/** A keyed stream with windows, waiting for what to compute in them. */
export class WindowedStream {
  readonly #stream: KeyedStream;
  readonly #id: string;
  readonly #spec: WindowSpec | SessionSpec | ProcessingTimeSpec;
  readonly #late: SideOutput | null;

  constructor(
    stream: KeyedStream,
    id: string,
    spec: WindowSpec | SessionSpec | ProcessingTimeSpec,
    { late }: WindowOptions,
  ) {
    this.#stream = stream;
    this.#id = id;
    this.#spec = spec;
    this.#late = late ?? null;
    if (late !== undefined) inOperator(id, () => checkLate(late, stream.schema, spec));
  }

  /**
   * One row per key and window that has rows: key fields, then the aggregates, then `window_start` and `window_end` (ms, end
   * exclusive; of a session: first row, last row + gap). Event time = end − 1. Emitted when the watermark reaches end − 1 (processing
   * time: the clock end).
   */
  aggregate(...aggregates: readonly Aggregate[]): Stream {
    return inOperator(this.#id, () => {
      const { schema: input, keys } = this.#stream;
      const schema = windowSchema(input, keys, aggregates);
      const isDistinct = new BoundAggregates(input, aggregates).distinct.length > 0;
      const spec = this.#spec;
      if (spec.kind !== "session") return this.#aligned(spec, aggregates, schema);
      if (isDistinct) {
        throw new FaultlineError("job-invalid", "session windows have no distinct counts", {
          hint: "use tumbling or hopping windows, or collect the values in a process function",
        });
      }
      const gapMs = sessionGapMs(spec);
      return this.#operator(schema, () => {
        const bound = new BoundAggregates(input, aggregates);
        return new SessionAggregateOperator(new KeyCodec(input, keys), gapMs, bound, schema, this.#late?.tag ?? null);
      });
    });
  }

  #aligned(spec: WindowSpec | ProcessingTimeSpec, aggregates: readonly Aggregate[], schema: RowSchema): Stream {
    const { schema: input, keys } = this.#stream;
    const isProcessing = spec.kind === "processingTime";
    const geometry = windowGeometry(isProcessing ? spec.windows : spec);
    const windows = () => {
      const bound = new BoundAggregates(input, aggregates);
      return new WindowAggregateOperator(new KeyCodec(input, keys), geometry, bound, schema, this.#late?.tag ?? null);
    };
    if (!isProcessing) return this.#operator(schema, windows, twoPhasesOf(input, keys, geometry, aggregates, schema));
    const onClock = () => new ProcessingTimeWindowOperator(windows(), geometry);
    return this.#operator(schema, onClock, { processingTime: true });
  }

  #operator(
    schema: RowSchema,
    create: OperatorNode["create"],
    options: Pick<OperatorNode, "twoPhase" | "processingTime"> = {},
  ): Stream {
    if (this.#late === null) return this.#stream.operator(this.#id, schema, create, options);
    // Late rows leave as they came.
    const { processingTime = false } = options;
    return this.#stream.operator(this.#id, schema, create, { processingTime, sideOutputs: [this.#late] });
  }
}

/** How windows that follow event time are aggregated in two phases; different values cannot be counted so. */
function twoPhasesOf(
  input: RowSchema,
  keys: readonly string[],
  geometry: WindowGeometry,
  aggregates: readonly Aggregate[],
  schema: RowSchema,
): { readonly twoPhase?: TwoPhase } {
  const { width, distinct } = new BoundAggregates(input, aggregates);
  if (distinct.length > 0) return {};
  const partial = partialSchema(input, keys, width);
  const createLocal = () => {
    const bound = new BoundAggregates(input, aggregates);
    return new LocalWindowAggregateOperator(new KeyCodec(input, keys), geometry, bound, partial);
  };
  const createGlobal = () => {
    const bound = new BoundAggregates(input, aggregates);
    const partials = new PartialRows(bound, keys.length);
    return new WindowAggregateOperator(new KeyCodec(partial, keys), geometry, bound, schema, null, partials);
  };
  return { twoPhase: { schema: partial, createLocal, createGlobal } };
}

function checkLate({ tag, schema }: SideOutput, input: RowSchema, { kind }: { readonly kind: string }): void {
  if (kind === "processingTime") {
    throw new FaultlineError("job-invalid", "windows over processing time have no late rows", {
      hint: `leave out the side output "${tag}"`,
    });
  }
  if (sameSchema(schema, input)) return;
  throw new FaultlineError("job-invalid", `the side output "${tag}" for late rows has not the fields of the input`, {
    hint: "make it with the schema of the stream before keyBy()",
  });
}
