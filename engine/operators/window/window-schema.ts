import { FaultlineError } from "../../../base/errors.ts";
import type { ColumnBatch, NumberColumn } from "../../rows/batch.ts";
import type { RowWriter } from "../../rows/batch-builder.ts";
import { type Field, type FieldType, RowSchema } from "../../rows/schema.ts";

type AggregateFunction = "count" | "sum" | "min" | "max";

/** One aggregate of a window: `as` names its column. */
export interface Aggregate {
  readonly function: AggregateFunction;
  /** Numeric input field; null for `count`. */
  readonly field: string | null;
  readonly as: string;
}

/** Number of rows. */
export function count(as = "count"): Aggregate {
  return { function: "count", field: null, as };
}

/** Sum of a field; NULLs are left out, NULL when there is no value. Exact as long as it stays below 2^53. */
export function sum(field: string, as = `sum_${field}`): Aggregate {
  return { function: "sum", field, as };
}

export function min(field: string, as = `min_${field}`): Aggregate {
  return { function: "min", field, as };
}

export function max(field: string, as = `max_${field}`): Aggregate {
  return { function: "max", field, as };
}

/** Fields of a window aggregate's rows: keys, aggregates, `window_start`, `window_end`. `job-invalid` on unknown or text fields. */
export function aggregateSchema(
  input: RowSchema,
  keys: readonly string[],
  aggregates: readonly Aggregate[],
): RowSchema {
  const keyFields = keys.map((key) => input.fields[input.index(key)]!);
  const results = aggregates.map(({ function: name, field, as }): Field => {
    if (field === null) return { name: as, type: "i64" };
    const { type } = input.fields[input.index(field)]!;
    if (type === "string") throw new FaultlineError("job-invalid", `${name}("${field}"): the field is a string`);
    return { name: as, type };
  });
  const time: FieldType = "timestamp";
  return new RowSchema([
    ...keyFields,
    ...results,
    { name: "window_start", type: time },
    { name: "window_end", type: time },
  ]);
}

/** An aggregate bound to its input field. Its accumulator is one f64; NaN: no value yet. */
export interface BoundAggregate {
  readonly function: AggregateFunction;
  /** Index of the input field; −1 for `count`. */
  readonly field: number;
}

export function bindAggregates(input: RowSchema, aggregates: readonly Aggregate[]): readonly BoundAggregate[] {
  return aggregates.map(({ function: name, field }) => ({
    function: name,
    field: field === null ? -1 : input.index(field),
  }));
}

/** Sets the accumulators of a new entry at `values[at …]`. */
export function initializeAccumulators(aggregates: readonly BoundAggregate[], values: Float64Array, at: number): void {
  for (let i = 0; i < aggregates.length; i++) values[at + i] = aggregates[i]!.function === "count" ? 0 : Number.NaN;
}

/** Adds a row to the accumulators at `values[at …]`. */
export function accumulate(
  aggregates: readonly BoundAggregate[],
  values: Float64Array,
  at: number,
  batch: ColumnBatch,
  row: number,
): void {
  for (let i = 0; i < aggregates.length; i++) {
    const { function: name, field } = aggregates[i]!;
    if (name === "count") {
      values[at + i]! += 1;
      continue;
    }
    const column = batch.columns[field] as NumberColumn;
    if (column.nulls !== null && column.nulls[row] === 1) continue;
    values[at + i] = combine(name, values[at + i]!, column.values[row]!);
  }
}

/** Adds the accumulators at `source[from …]` to those at `values[at …]`. */
export function mergeAccumulators(
  aggregates: readonly BoundAggregate[],
  values: Float64Array,
  at: number,
  source: Float64Array,
  from: number,
): void {
  for (let i = 0; i < aggregates.length; i++) {
    const added = source[from + i]!;
    if (!Number.isNaN(added)) values[at + i] = combine(aggregates[i]!.function, values[at + i]!, added);
  }
}

/** Sets fields `firstField …` of `out` from the accumulators at `values[at …]`. */
export function writeResults(
  aggregates: readonly BoundAggregate[],
  values: Float64Array,
  at: number,
  out: RowWriter,
  firstField: number,
): void {
  for (let i = 0; i < aggregates.length; i++) {
    const value = values[at + i]!;
    if (!Number.isNaN(value)) out.setNumber(firstField + i, value);
  }
}

function combine(name: AggregateFunction, held: number, added: number): number {
  if (Number.isNaN(held)) return added;
  if (name === "min") return Math.min(held, added);
  if (name === "max") return Math.max(held, added);
  return held + added;
}
