import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonEncoder } from "../../../engine/connectors/json/encoder.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { rowsWithSchema } from "../rows/arbitraries.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";

function encode(schema: RowSchema, row: PlainRow): string {
  const batch = batchOf(schema, [row]);
  const encoder = jsonEncoder(schema)();
  const target = new Uint8Array(encoder.maxBytes(batch, 0) + 3).fill(0xee);
  const end = encoder.encode(batch, 0, target, 3);
  assert.ok(end <= target.length);
  assert.deepEqual([...target.subarray(0, 3)], [0xee, 0xee, 0xee]);
  return Buffer.from(target.subarray(3, end)).toString();
}

test("rows leave as JSON.stringify would write them, within the announced size", () => {
  fc.assert(
    fc.property(rowsWithSchema(3), ({ schema, rows }) => {
      for (const row of rows) {
        const fields = schema.fields.map(({ name, type }, i) => {
          const value = row.values[i]!;
          if (type !== "decimal3" || typeof value !== "number") return `"${name}":${JSON.stringify(value)}`;
          return `"${name}":${exactThousandths(value)}`;
        });
        assert.equal(encode(schema, row), `{${fields.join(",")}}`);
      }
    }),
    { numRuns: 500 },
  );
});

/** By integers of any size. */
function exactThousandths(thousandths: number): string {
  const digits = BigInt(Math.abs(thousandths)).toString().padStart(4, "0");
  const fraction = digits.slice(-3).replace(/0+$/, "");
  return `${thousandths < 0 ? "-" : ""}${digits.slice(0, -3)}${fraction === "" ? "" : `.${fraction}`}`;
}

test("decimals are exact and short", () => {
  const schema = new RowSchema([{ name: "price", type: "decimal3" }]);
  const written = [90_800, 908, 5, -5, 0, 1000, 908 * 1_000_003, Number.MAX_SAFE_INTEGER].map((value) =>
    encode(schema, { eventTimeMs: 0, values: [value] }).slice('{"price":'.length, -1),
  );
  assert.deepEqual(written, ["90.8", "0.908", "0.005", "-0.005", "0", "1", "908002.724", "9007199254740.991"]);
});
