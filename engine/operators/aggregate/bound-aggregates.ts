import { FaultlineError } from "../../../base/errors.ts";
import type { ColumnBatch, NumberColumn } from "../../rows/batch.ts";
import type { RowWriter } from "../../rows/batch-builder.ts";
import { Row } from "../../rows/row.ts";
import type { RowSchema } from "../../rows/schema.ts";
import type { RowPredicate } from "../filter.ts";
import type { Aggregate } from "./aggregate.ts";
import { type DistinctField, type DistinctSets, distinctFields } from "./distinct-sets.ts";
import { addExactly, addParts, sumOf, truncatedQuotient } from "./exact-sum.ts";

type Kind = "count" | "distinct" | "sum" | "sumDouble" | "min" | "max" | "avg" | "avgDouble";

/** Those whose first number is NaN while there is no value. Counts, and the number of values of an average, begin with 0. */
const BEGINS_EMPTY: ReadonlySet<Kind> = new Set(["sum", "sumDouble", "min", "max"] as const);

/** Numbers of an accumulator. */
const WIDTH: Readonly<Record<Kind, number>> = {
  count: 1,
  distinct: 1,
  sum: 2, // high, low
  sumDouble: 1,
  min: 1,
  max: 1,
  avg: 3, // number of values, high, low
  avgDouble: 2, // number of values, sum
};

interface Bound {
  readonly kind: Kind;
  /** Index of the input field; −1 for counts. */
  readonly field: number;
  /** Its first accumulator. */
  readonly at: number;
  /** Index of its condition; −1: none. */
  readonly where: number;
  readonly as: string;
}

/** Aggregates bound to the fields of their input. An accumulator of all is `width` numbers, `values[at … at + width)`. */
export class BoundAggregates {
  /** Numbers of one accumulator. */
  readonly width: number;
  readonly count: number;
  /** Fields whose different values are counted; `DistinctSets` holds them. */
  readonly distinct: readonly DistinctField[];
  readonly #bound: readonly Bound[];
  readonly #initial: Float64Array;
  /** All are counts of all rows. */
  readonly #onlyCounts: boolean;
  readonly #conditions: readonly RowPredicate[];
  /** By condition: does it hold for the row? */
  readonly #holds: Uint8Array;
  readonly #row = new Row();

  constructor(input: RowSchema, aggregates: readonly Aggregate[]) {
    const conditions = [...new Set(aggregates.flatMap(({ where }) => (where === null ? [] : [where])))];
    let width = 0;
    this.#bound = aggregates.map(({ function: name, field, as, where }): Bound => {
      const index = field === null ? -1 : input.index(field);
      const isDouble = index >= 0 && input.fields[index]!.type === "f64";
      const kind = kindOf(name, isDouble);
      const at = width;
      width += WIDTH[kind];
      return { kind, field: index, at, where: where === null ? -1 : conditions.indexOf(where), as };
    });
    this.width = width;
    this.#onlyCounts = this.#bound.every(({ kind, where }) => kind === "count" && where === -1);
    this.#initial = new Float64Array(width);
    for (const { kind, at } of this.#bound) if (BEGINS_EMPTY.has(kind)) this.#initial[at] = Number.NaN;
    this.count = aggregates.length;
    this.#conditions = conditions;
    this.#holds = new Uint8Array(conditions.length);
    this.distinct = distinctFields(
      input,
      this.#bound.filter(({ kind }) => kind === "distinct"),
    );
  }

  /** Does every row change the result? */
  get alwaysChanges(): boolean {
    return this.#bound.some(({ kind, where }) => kind === "count" && where === -1);
  }

  /** Sets a new accumulator, whatever its numbers are. */
  initialize(values: Float64Array, at: number): void {
    for (let i = 0; i < this.width; i++) values[at + i] = this.#initial[i]!;
  }

  /** Adds a row, but for different values, which `DistinctSets` counts. */
  accumulate(values: Float64Array, at: number, batch: ColumnBatch, row: number): void {
    if (this.#onlyCounts) {
      for (let i = 0; i < this.width; i++) values[at + i]! += 1;
      return;
    }
    if (this.#conditions.length > 0) this.#evaluate(batch, row);
    for (let i = 0; i < this.#bound.length; i++) {
      const { kind, field, at: offset, where } = this.#bound[i]!;
      if (where >= 0 && this.#holds[where] === 0) continue;
      if (kind === "count") {
        values[at + offset]! += 1;
        continue;
      }
      if (kind === "distinct") continue;
      const column = batch.columns[field] as NumberColumn;
      if (column.nulls !== null && column.nulls[row] === 1) continue;
      add(kind, values, at + offset, column.values[row]!);
    }
  }

  /** After `accumulate` of the same row: counts the values that are new to key `key[0, keyLength)`, and adds them to its sets. */
  addDistinct(
    sets: DistinctSets,
    group: number,
    key: Uint8Array,
    keyLength: number,
    batch: ColumnBatch,
    row: number,
    values: Float64Array,
    at: number,
  ): void {
    for (const field of this.distinct) {
      const bits = sets.add(group, key, keyLength, field, batch, row, this.#wanted(field));
      if (bits !== 0) this.countDistinct(field, bits, values, at);
    }
  }

  /** Counts new values of a distinct field for the aggregates whose bits are set. */
  countDistinct(field: DistinctField, bits: number, values: Float64Array, at: number): void {
    for (let i = 0; i < field.aggregates.length; i++) {
      if ((bits & (1 << i)) !== 0) values[at + field.aggregates[i]!.at]! += 1;
    }
  }

  /** Adds the accumulator at `source[from …]`, but for counts of different values: sets are united, not added. */
  merge(values: Float64Array, at: number, source: Float64Array, from: number): void {
    for (let i = 0; i < this.#bound.length; i++) {
      const { kind, at: offset } = this.#bound[i]!;
      if (kind !== "distinct") mergeOne(kind, values, at + offset, source, from + offset);
    }
  }

  /** Result of aggregate `index`; NaN is NULL. `job-failed` when a sum is too large. */
  result(index: number, values: Float64Array, at: number): number {
    const { kind, at: offset, as } = this.#bound[index]!;
    const first = values[at + offset]!;
    if (kind === "sum") return checkedSum(as, first, values[at + offset + 1]!);
    if (kind === "avg") {
      return first === 0 ? Number.NaN : truncatedQuotient(values[at + offset + 1]!, values[at + offset + 2]!, first);
    }
    if (kind === "avgDouble") return first === 0 ? Number.NaN : values[at + offset + 1]! / first;
    return first;
  }

  /** Sets fields `firstField …` of `out`. */
  writeResults(values: Float64Array, at: number, out: RowWriter, firstField: number): void {
    for (let i = 0; i < this.#bound.length; i++) {
      const value = this.result(i, values, at);
      if (!Number.isNaN(value)) out.setNumber(firstField + i, value);
    }
  }

  /** Which of a distinct field's aggregates the row that was accumulated last counts for, as bits. */
  #wanted(field: DistinctField): number {
    let bits = 0;
    for (let i = 0; i < field.aggregates.length; i++) {
      const { where } = field.aggregates[i]!;
      if (where < 0 || this.#holds[where] === 1) bits |= 1 << i;
    }
    return bits;
  }

  #evaluate(batch: ColumnBatch, row: number): void {
    this.#row.bind(batch);
    this.#row.moveTo(row);
    for (let i = 0; i < this.#conditions.length; i++) this.#holds[i] = this.#conditions[i]!(this.#row) ? 1 : 0;
  }
}

function kindOf(name: Aggregate["function"], isDouble: boolean): Kind {
  if (name === "countDistinct") return "distinct";
  if (name === "sum") return isDouble ? "sumDouble" : "sum";
  if (name === "avg") return isDouble ? "avgDouble" : "avg";
  return name;
}

function add(kind: Kind, values: Float64Array, at: number, value: number): void {
  if (kind === "avg" || kind === "avgDouble") {
    values[at]! += 1;
    if (kind === "avg") addExactly(values, at + 1, value);
    else values[at + 1]! += value;
    return;
  }
  const held = values[at]!;
  if (kind === "sum") {
    if (Number.isNaN(held)) values[at] = 0;
    addExactly(values, at, value);
  } else if (Number.isNaN(held)) values[at] = value;
  else if (kind === "min") values[at] = Math.min(held, value);
  else if (kind === "max") values[at] = Math.max(held, value);
  else values[at] = held + value;
}

function mergeOne(kind: Kind, values: Float64Array, at: number, source: Float64Array, from: number): void {
  const added = source[from]!;
  if (Number.isNaN(added)) return;
  if (kind === "count") values[at]! += added;
  else if (kind === "sum") {
    if (Number.isNaN(values[at]!)) values[at] = 0;
    addParts(values, at, added, source[from + 1]!);
  } else if (kind === "avg" || kind === "avgDouble") {
    values[at]! += added;
    if (kind === "avg") addParts(values, at + 1, source[from + 1]!, source[from + 2]!);
    else values[at + 1]! += source[from + 1]!;
  } else add(kind, values, at, added);
}

function checkedSum(as: string, high: number, low: number): number {
  if (Number.isNaN(high)) return high;
  const total = sumOf(high, low);
  if (Number.isSafeInteger(total)) return total;
  throw new FaultlineError("job-failed", `the sum "${as}" is about ${total}, beyond ±(2^53 − 1)`, {
    hint: "sum an f64 field where a rounded sum will do, or use avg()",
  });
}
