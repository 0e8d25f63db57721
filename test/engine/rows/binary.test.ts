import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { BinaryRowReader, BinaryRowWriter } from "../../../engine/rows/binary.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { rowsWithSchema } from "./arbitraries.ts";
import { batchOf, type PlainRow, rowsOf } from "./rows.ts";

test("rows come out of an exchange as they went in, from any skip and in batches of any size", () => {
  fc.assert(
    fc.property(
      rowsWithSchema(),
      fc.nat(40),
      fc.nat(40),
      fc.integer({ min: 1, max: 7 }),
      ({ schema, rows }, a, b, size) => {
        const writer = new BinaryRowWriter(schema, 1);
        const batch = batchOf(schema, rows, 1);
        for (let i = 0; i < batch.selectedCount; i++) writer.append(batch, batch.selection[i]!);
        assert.equal(writer.count, rows.length);
        const bytes = writer.byteLength;
        const payload = writer.take();
        assert.equal(payload.length, bytes);
        const skip = Math.min(a, rows.length);
        const count = Math.min(b, rows.length - skip);
        const read: PlainRow[] = [];
        new BinaryRowReader(schema, size).decode(shifted(payload), skip, count, (part) => {
          assert.ok(part.selectedCount <= size);
          read.push(...rowsOf(part));
        });
        assert.deepEqual(read, rows.slice(skip, skip + count));
      },
    ),
  );
});

/** The payload inside a larger buffer, as it lies in a network message. */
function shifted(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 11).fill(0xee);
  message.set(payload, 5);
  return message.subarray(5, 5 + payload.length);
}

const schema = new RowSchema([
  { name: "n", type: "i64" },
  { name: "s", type: "string" },
]);

test("a payload handed over stays as it is while the writer goes on", () => {
  const writer = new BinaryRowWriter(schema);
  const first = batchOf(schema, [{ eventTimeMs: 1, values: [1, "one"] }]);
  const second = batchOf(schema, [{ eventTimeMs: 2, values: [2, "two"] }]);
  writer.append(first, 0);
  const taken = writer.take();
  const before = taken.slice();
  writer.append(second, 0);
  assert.deepEqual(taken, before);
  assert.equal(writer.count, 1);
});

test("a NULL of one batch does not show in the next", () => {
  const writer = new BinaryRowWriter(schema);
  const batch = batchOf(schema, [
    { eventTimeMs: 1, values: [null, null] },
    { eventTimeMs: 2, values: [5, "x"] },
  ]);
  writer.append(batch, 0);
  writer.append(batch, 1);
  const nulls: boolean[] = [];
  new BinaryRowReader(schema, 1).decode(writer.take(), 0, 2, (part) => {
    const column = part.columns[0]!;
    nulls.push(column.kind === "number" && column.nulls !== null && column.nulls[0] === 1);
  });
  assert.deepEqual(nulls, [true, false]);
});

test("a truncated or overwritten payload is refused, not read as rows", () => {
  const writer = new BinaryRowWriter(schema);
  const batch = batchOf(schema, [{ eventTimeMs: 1, values: [1, "text"] }]);
  writer.append(batch, 0);
  const payload = writer.take();
  const read = (bytes: Uint8Array, count: number) => () =>
    new BinaryRowReader(schema, 8).decode(bytes, 0, count, () => {});
  const refused = (error: unknown) => error instanceof FaultlineError && error.code === "assertion-failed";
  for (let length = 0; length < payload.length; length++) assert.throws(read(payload.subarray(0, length), 1), refused);
  assert.throws(read(payload, 2), refused);
  const outside = payload.slice();
  new DataView(outside.buffer).setInt32(14 + 8 + 4, 1000, true);
  assert.throws(read(outside, 1), refused);
});

test("bytes that were handed over stay as they are while the writer goes on, be they few or many", () => {
  const schema = new RowSchema([{ name: "text", type: "string" }]);
  const writer = new BinaryRowWriter(schema, 256);
  const reader = new BinaryRowReader(schema, 16);
  const sizes = Array.from({ length: 60 }, (_, index) => [1, 40, 200, 3][index % 4]!);
  const taken = sizes.map((size, index) => {
    const batch = batchOf(schema, [{ eventTimeMs: index, values: [String(index % 10).repeat(size)] }]);
    writer.append(batch, batch.selection[0]!);
    return writer.take();
  });
  for (const [index, payload] of taken.entries()) {
    const rows: PlainRow[] = [];
    reader.decode(payload, 0, 1, (batch) => rows.push(...rowsOf(batch)));
    assert.deepEqual(rows[0]!.values, [String(index % 10).repeat(sizes[index]!)]);
  }
});
