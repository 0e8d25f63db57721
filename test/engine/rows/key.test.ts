import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BatchBuilder } from "../../../engine/rows/batch-builder.ts";
import { compareBytes } from "../../../engine/rows/bytes.ts";
import { KeyCodec, NULL_KEY } from "../../../engine/rows/key.ts";
import {
  firstKeyGroup,
  instanceOfKeyGroup,
  keyGroupOfBytes,
  keyGroupOfNumber,
  keyGroupRange,
} from "../../../engine/rows/key-groups.ts";
import { type Field, RowSchema } from "../../../engine/rows/schema.ts";
import { encodeText } from "../../../engine/rows/text.ts";
import { anySchema, rowOf } from "./arbitraries.ts";
import { batchOf, rowsOf, type Value } from "./rows.ts";

function keyBytes(codec: KeyCodec, schema: RowSchema, values: readonly Value[]): Uint8Array {
  codec.encode(batchOf(schema, [{ eventTimeMs: 0, values }]), 0);
  return codec.bytes.slice(0, codec.length);
}

/** Order of two values: NULL first, numbers by size, strings by their canonical bytes. */
function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === "number" && typeof b === "number") return Number(a > b) - Number(a < b);
  return Buffer.compare(encodeText(String(a)), encodeText(String(b)));
}

function compareTuples(a: readonly Value[], b: readonly Value[]): number {
  return a.map((value, i) => compareValues(value, b[i]!)).find((order) => order !== 0) ?? 0;
}

const twoTuples = anySchema.chain((schema) =>
  fc.tuple(rowOf(schema), rowOf(schema), fc.nat()).map(([a, b, shared]) => {
    const prefix = shared % (schema.fields.length + 1); // equal first fields, so that later ones decide
    return { schema, a: a.values, b: b.values.map((value, i) => (i < prefix ? a.values[i]! : value)) };
  }),
);

test("key bytes compare as the tuples do, so timers and snapshots have one order everywhere", () => {
  fc.assert(
    fc.property(twoTuples, ({ schema, a, b }) => {
      const codec = new KeyCodec(
        schema,
        schema.fields.map((field) => field.name),
      );
      const x = keyBytes(codec, schema, a);
      const y = keyBytes(codec, schema, b);
      assert.equal(Math.sign(compareBytes(x, 0, x.length, y, 0, y.length)), Math.sign(compareTuples(a, b)));
    }),
    { numRuns: 500 },
  );
});

test("keys come back from their bytes", () => {
  fc.assert(
    fc.property(twoTuples, ({ schema, a }) => {
      const codec = new KeyCodec(
        schema,
        schema.fields.map((field) => field.name),
      );
      const out = new BatchBuilder(schema);
      out.addRow(0);
      codec.writeBytes(keyBytes(codec, schema, a), 0, out);
      assert.deepEqual(rowsOf(out)[0]!.values, a);
    }),
  );
});

test("a numeric key has one group, taken from the row or from the number, and survives its bytes", () => {
  const field: Field = { name: "id", type: "i64" };
  const schema = new RowSchema([field]);
  const codec = new KeyCodec(schema, ["id"]);
  assert.ok(codec.numeric);
  fc.assert(
    fc.property(fc.option(fc.maxSafeInteger()), fc.integer({ min: 1, max: 300 }), (value, total) => {
      const batch = batchOf(schema, [{ eventTimeMs: 0, values: [value === null ? null : value + 0] }]);
      const key = codec.numberOf(batch, 0);
      assert.equal(key, value === null ? NULL_KEY : value + 0);
      assert.equal(codec.groupOf(batch, 0, total), keyGroupOfNumber(key, total));
      codec.encodeNumber(key);
      assert.equal(codec.decodeNumber(codec.bytes, 0), key);
    }),
  );
});

test("a text key has the group of its bytes", () => {
  const schema = new RowSchema([{ name: "name", type: "string" }]);
  const codec = new KeyCodec(schema, ["name"]);
  const batch = batchOf(schema, [{ eventTimeMs: 0, values: ["Kate"] }]);
  const group = codec.groupOf(batch, 0, 128);
  assert.equal(group, keyGroupOfBytes(codec.bytes, 0, codec.length, 128));
});

test("every key group belongs to exactly the instance whose range has it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 64 }), (total, wanted) => {
      const parallelism = Math.min(wanted, total);
      assert.equal(firstKeyGroup(0, parallelism, total), 0);
      assert.equal(firstKeyGroup(parallelism, parallelism, total), total);
      for (let instance = 0; instance < parallelism; instance++) {
        const { first, end } = keyGroupRange(instance, parallelism, total);
        assert.ok(first < end, "every instance owns a group");
        for (let group = first; group < end; group++) {
          assert.equal(instanceOfKeyGroup(group, parallelism, total), instance);
        }
      }
    }),
  );
});

test("groups are used evenly by consecutive ids", () => {
  const counts = new Array<number>(128).fill(0);
  for (let id = 1000; id < 1000 + 128 * 200; id++) counts[keyGroupOfNumber(id, 128)]! += 1;
  assert.ok(Math.min(...counts) > 120 && Math.max(...counts) < 290, `${Math.min(...counts)} … ${Math.max(...counts)}`);
});
