import fc from "fast-check";
import { type Field, RowSchema } from "../../../engine/rows/schema.ts";
import type { PlainRow, Value } from "./rows.ts";

const types = ["i64", "f64", "timestamp", "decimal3", "string"] as const;

/** Texts with quotes, backslashes, control characters and characters of every length in UTF-8. */
export const anyText = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "grapheme", maxLength: 8 }));

export const anySchema: fc.Arbitrary<RowSchema> = fc
  .array(fc.constantFrom(...types), { minLength: 1, maxLength: 10 })
  .map((list) => new RowSchema(list.map((type, i): Field => ({ name: `f${i}`, type }))));

export function cellOf({ type }: Field): fc.Arbitrary<Value> {
  if (type === "string") return fc.option(anyText, { freq: 5 });
  if (type === "f64")
    return fc.option(
      fc.double({ noNaN: true }).map((value) => value + 0),
      { freq: 5 },
    );
  return fc.option(
    fc.oneof(fc.integer(), fc.maxSafeInteger()).map((value) => value + 0),
    { freq: 5 },
  );
}

export function rowOf(schema: RowSchema): fc.Arbitrary<PlainRow> {
  return fc.record(
    {
      eventTimeMs: fc.integer({ min: -1e9, max: 2e12 }),
      kind: fc.constantFrom(0, 1),
      values: fc.tuple(...schema.fields.map(cellOf)) as fc.Arbitrary<Value[]>,
    },
    { noNullPrototype: true },
  );
}

export function rowsWithSchema(maxLength = 40): fc.Arbitrary<{ schema: RowSchema; rows: PlainRow[] }> {
  return anySchema.chain((schema) =>
    fc.record({ schema: fc.constant(schema), rows: fc.array(rowOf(schema), { maxLength }) }),
  );
}
