import { RowSchema } from "../../rows/schema.ts";
import { type Aggregate, resultFields } from "../aggregate/aggregate.ts";

/** Fields of a window aggregate's rows: keys, aggregates, `window_start`, `window_end`. `job-invalid` on unknown or text fields. */
export function windowSchema(input: RowSchema, keys: readonly string[], aggregates: readonly Aggregate[]): RowSchema {
  return new RowSchema([
    ...keys.map((key) => input.fields[input.index(key)]!),
    ...resultFields(input, aggregates),
    { name: "window_start", type: "timestamp" },
    { name: "window_end", type: "timestamp" },
  ]);
}
