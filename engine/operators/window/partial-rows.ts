import type { ColumnBatch, NumberColumn } from "../../rows/batch.ts";
import { type Field, RowSchema } from "../../rows/schema.ts";
import type { BoundAggregates } from "../aggregate/bound-aggregates.ts";

/** Fields of partial aggregates beside the key's: how many rows there are in it, then the accumulator's numbers. */
export function partialSchema(input: RowSchema, keys: readonly string[], width: number): RowSchema {
  const numbers = Array.from({ length: width }, (_, index): Field => ({ name: `#${index}`, type: "f64" }));
  return new RowSchema([
    ...keys.map((key) => input.fields[input.index(key)]!),
    { name: "#rows", type: "i64" },
    ...numbers,
  ]);
}

/** Reads partial aggregates (`local-window-aggregate.ts`): rows of `partialSchema`. */
export class PartialRows {
  readonly #aggregates: BoundAggregates;
  /** Index of the field "#rows"; the accumulator's follow. */
  readonly #rowsField: number;
  readonly #accumulator: Float64Array;

  /** `keys`: number of key fields. */
  constructor(aggregates: BoundAggregates, keys: number) {
    this.#aggregates = aggregates;
    this.#rowsField = keys;
    this.#accumulator = new Float64Array(aggregates.width);
  }

  /** Rows of the job's stream that went into physical row `row`. */
  count(batch: ColumnBatch, row: number): number {
    return (batch.columns[this.#rowsField] as NumberColumn).values[row]!;
  }

  /** Adds the partial aggregate to the accumulator at `values[at …]`. */
  merge(values: Float64Array, at: number, batch: ColumnBatch, row: number): void {
    const accumulator = this.#accumulator;
    for (let i = 0; i < accumulator.length; i++) {
      accumulator[i] = (batch.columns[this.#rowsField + 1 + i] as NumberColumn).values[row]!;
    }
    this.#aggregates.merge(values, at, accumulator, 0);
  }
}
