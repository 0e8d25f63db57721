import type { NexmarkEvent } from "../generators/nexmark/model.ts";

/** Type of a result column (`docs/queries.md`): BIGINT, TIMESTAMP(3) as epoch ms, DECIMAL(23, 3), VARCHAR, or any JSON value as its text. */
export type ColumnType = "i64" | "timestamp" | "decimal3" | "string" | "json";

export interface ColumnSpec {
  /** A dot leads into nested objects of the output record: `event.customerId` is member `customerId` of `event`. */
  readonly name: string;
  readonly type: ColumnType;
}

/** A typed value: integers and timestamps as numbers, decimals as numbers (`90.8`), SQL NULL as null. */
export type Value = number | string | null;

/** One result row as the oracle knows it. */
export interface ExpectedRow {
  /** Values of the documented columns, then of the identity columns, in the order of `QueryDefinition`. */
  readonly values: readonly Value[];
  /** Index of the last input event, in event order, that the row needs. */
  readonly lastInput: number;
  /** Only for `endOfWindow` triggers: the window fires when the watermark reaches this event time minus 1 ms. */
  readonly windowEndMs?: number;
  /** The row may be missing: whether it comes depends on how input streams interleave. */
  readonly optional?: true;
}

/** A single-threaded, naive model of a query: obviously right, fed with the events of a data set in order. No engine code. */
export interface Oracle<E = NexmarkEvent> {
  onEvent(event: E, index: number, emit: (row: ExpectedRow) => void): void;
  /** End of input: the watermark goes to +infinity, every window fires. */
  onEnd(emit: (row: ExpectedRow) => void): void;
}

/**
 * How a query's rows add up. `append`: a multiset. `upsert`: a row replaces the one before it of the same key; the oracle emits
 * every update, in event order, so its last row of a key is the final one. `updatesFollow` says when the whole sequence of a key's
 * updates is a function of the data: `onePartition` only with one input partition, `auction` also when all events of an auction
 * share a partition (`data.partitionRule: auction`). Otherwise only final rows are compared, and no latency is claimed.
 */
export type OutputKind =
  | { readonly kind: "append" }
  | { readonly kind: "upsert"; readonly key: readonly string[]; readonly updatesFollow: "onePartition" | "auction" };

/** Which input event an output is charged to (`measurement.md`): one rule a query, the same for every engine. */
export type TriggerRule =
  /** The last input event that the row needs: stateless queries, joins; for an update the event that changed the row. */
  | { readonly kind: "lastInput" }
  /** The first event after which the minimum partition watermark ≥ `windowEndMs` − 1; null when only a closing record moves it there. */
  | { readonly kind: "endOfWindow" }
  /** No latency is claimed. */
  | { readonly kind: "none"; readonly reason: string };

export const GENERATORS = ["nexmark", "bettercloud", "microbench"] as const;
export type GeneratorName = (typeof GENERATORS)[number];

/** What a query is, for everybody but the engine. One object a query, exported by `queries/<suite>/<query>/query.ts`. */
export interface QueryDefinition<E = NexmarkEvent> {
  readonly id: string;
  readonly title: string;
  /** Documented columns, in order. */
  readonly columns: readonly ColumnSpec[];
  /** Identity columns that the sink writes after the documented ones; `bench query` strips them. */
  readonly identity: readonly ColumnSpec[];
  /** Columns that are not compared, because they tell the engine's clock or the interleaving of input streams. */
  readonly volatile?: readonly string[];
  /** Columns (ms since the epoch, decimal3) with the times at which the engine took in the triggering event and gave out the row. */
  readonly engineLatency?: { readonly from: string; readonly to: string };
  /** Whose events it reads; `nexmark` unless given. */
  readonly generator?: GeneratorName;
  /** Its input streams: names of the sources of its job, and the order among records due at the same time. `events` unless given. */
  readonly streams?: readonly string[];
  readonly output: OutputKind;
  /** Columns that name one output among all expected ones: key and identity. A row with these right and others not is `wrong`. */
  readonly nameColumns: readonly string[];
  /** Columns of the key within which outputs of one input partition must come in order. */
  readonly orderKey: readonly string[];
  readonly trigger: TriggerRule;
  readonly triggerText: string;
  readonly oracle: () => Oracle<E>;
  /** Event time (ms) whose due time the live estimate charges an observed row to; null: no estimate. Measured latency never uses it. */
  readonly liveEventTimeMs: (row: readonly Value[], watermarkDelayMs: number) => number | null;
  /** URL of the module whose default export builds the job graph. */
  readonly job: URL;
  /** Parameters that its job has beside those that every job has, with their defaults. */
  readonly jobParameters?: Readonly<Record<string, unknown>>;
  /** Why the query has no meaning on such data, or null. */
  readonly undefinedOn: (data: { readonly mode: string }) => string | null;
}
