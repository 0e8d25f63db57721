import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { binaryEncoder } from "../../../engine/connectors/binary/encoder.ts";
import { rowVariant, schemaHash, schemaText } from "../../../engine/connectors/binary/layout.ts";
import { BatchBuilder } from "../../../engine/rows/batch-builder.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { type Cell, eventBytes } from "./write-event.ts";

const SCHEMA = new RowSchema([
  { name: "auction", type: "i64" },
  { name: "extra", type: "string" },
  { name: "price", type: "decimal3" },
  { name: "ratio", type: "f64" },
  { name: "url", type: "string" },
  { name: "window_end", type: "timestamp" },
]);
const HASH = schemaHash([rowVariant(SCHEMA.fields)]);

function batchOf(rows: readonly (readonly Cell[])[]): BatchBuilder {
  const batch = new BatchBuilder(SCHEMA);
  for (const values of rows) {
    batch.addRow(0);
    values.forEach((value, field) => {
      if (typeof value === "number") batch.setNumber(field, value);
      else if (value !== null) batch.setText(field, value);
    });
  }
  return batch;
}

test("the schema's text is the documented one: kinds of fields, not types of columns", () => {
  assert.equal(
    schemaText([rowVariant(SCHEMA.fields)]),
    "row=0(auction:integer,extra:string,price:decimal3,ratio:double,url:string,window_end:integer)",
  );
});

test("any row is written as the documented table says, within the room that was promised", () => {
  const number = fc.option(fc.maxSafeInteger());
  const text = fc.option(
    fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\\", '"', "a longer one, with \\ in it")),
  );
  const ratio = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
  const row = fc.tuple(number, text, number, ratio, text, number);
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.nat(9), (rows, at) => {
      const batch = batchOf(rows);
      const encoder = binaryEncoder(SCHEMA)();
      rows.forEach((values, i) => {
        const target = new Uint8Array(at + encoder.maxBytes(batch, i)).fill(0xaa);
        const end = encoder.encode(batch, i, target, at);
        const want = eventBytes(HASH, { tag: 0, fields: SCHEMA.fields }, values);
        assert.deepEqual(target.subarray(at, end), want);
        assert.ok(target.subarray(0, at).every((byte) => byte === 0xaa));
      });
    }),
  );
});

test("a double that is not finite is NULL", () => {
  const encoder = binaryEncoder(SCHEMA)();
  const bytes = (ratio: number | null) => {
    const batch = batchOf([[1, "x", 2, ratio, "y", 3]]);
    const target = new Uint8Array(encoder.maxBytes(batch, 0));
    return Buffer.from(target.subarray(0, encoder.encode(batch, 0, target, 0))).toString("hex");
  };
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(bytes(value), bytes(null));
  assert.notEqual(bytes(0), bytes(null));
});
