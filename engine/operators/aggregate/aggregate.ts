import { FaultlineError } from "../../../base/errors.ts";
import type { Field, RowSchema } from "../../rows/schema.ts";
import type { RowPredicate } from "../filter.ts";

export type AggregateFunction = "count" | "countDistinct" | "sum" | "min" | "max" | "avg";

/** One aggregate: `as` names its column. */
export interface Aggregate {
  readonly function: AggregateFunction;
  /** Input field; null for `count`. */
  readonly field: string | null;
  readonly as: string;
  /** Only rows for which it holds are taken; null: all. */
  readonly where: RowPredicate | null;
}

/** Number of rows (for which `where` holds). */
export function count(as = "count", where: RowPredicate | null = null): Aggregate {
  return { function: "count", field: null, as, where };
}

/** Number of different values of a field of any type, exact; NULLs are left out. */
export function countDistinct(field: string, as = `distinct_${field}`, where: RowPredicate | null = null): Aggregate {
  return { function: "countDistinct", field, as, where };
}

/**
 * Sum of a field; NULLs are left out, NULL when there is no value. Of integers (`i64`, `timestamp`, `decimal3`) it is exact; a result
 * beyond ±(2^53 − 1) fails the job. Of `f64` it depends on the order in which rows arrive.
 */
export function sum(field: string, as = `sum_${field}`, where: RowPredicate | null = null): Aggregate {
  return { function: "sum", field, as, where };
}

/** Smallest value; NULLs are left out, NULL when there is no value. */
export function min(field: string, as = `min_${field}`, where: RowPredicate | null = null): Aggregate {
  return { function: "min", field, as, where };
}

/** Largest value; NULLs are left out, NULL when there is no value. */
export function max(field: string, as = `max_${field}`, where: RowPredicate | null = null): Aggregate {
  return { function: "max", field, as, where };
}

/**
 * Mean of a field, of the field's type; NULLs are left out, NULL when there is no value. Of integers it is exact, whatever the sum, and
 * truncated towards zero (of `decimal3`: at the third place), for up to 2^31 values of any size.
 */
export function avg(field: string, as = `avg_${field}`, where: RowPredicate | null = null): Aggregate {
  return { function: "avg", field, as, where };
}

/** The fields that aggregates give. `job-invalid` on unknown fields, text where a number is needed, and no aggregate at all. */
export function resultFields(input: RowSchema, aggregates: readonly Aggregate[]): Field[] {
  if (aggregates.length === 0) {
    throw new FaultlineError("job-invalid", "there is nothing to aggregate", { hint: "give count() at least" });
  }
  return aggregates.map(({ function: name, field, as }): Field => {
    if (field === null) return { name: as, type: "i64" };
    const { type } = input.fields[input.index(field)]!;
    if (name === "countDistinct") return { name: as, type: "i64" };
    if (type === "string") throw new FaultlineError("job-invalid", `${name}("${field}"): the field is a string`);
    return { name: as, type };
  });
}
