import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { RowHeap } from "../../../engine/state/row-heap.ts";
import { batchOf, type PlainRow, rowsOf } from "../rows/rows.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "text", type: "string" },
]);

const rowOf = (id: number, length: number): PlainRow => ({
  eventTimeMs: id,
  kind: id % 2,
  values: [id, "x".repeat(length)],
});
/** What is read back: only the first physical row counts. */
function readRow(heap: RowHeap, number: number): PlainRow {
  const batch = heap.read(number);
  return rowsOf({ ...batch, selection: Int32Array.of(0), selectedCount: 1 })[0]!;
}

test("rows stay what they were while others come and go and memory is collected", () => {
  // Enough text that chunks fill up and are vacated: thousands of rows of up to 2 KB.
  const actions = fc.array(fc.tuple(fc.boolean(), fc.nat(2_000), fc.nat()), { minLength: 2_000, maxLength: 4_000 });
  fc.assert(
    fc.property(actions, (list) => {
      const heap = new RowHeap(schema);
      const live = new Map<number, PlainRow>();
      let used = 0;
      for (const [id, [adds, length, pick]] of list.entries()) {
        const numbers = [...live.keys()];
        if (adds || numbers.length === 0) {
          const row = rowOf(id, length);
          const number = heap.add(batchOf(schema, [row]), 0);
          assert.ok(!live.has(number), "a number in use is given to nobody else");
          live.set(number, row);
        } else {
          const number = numbers[pick % numbers.length]!;
          heap.free(number);
          live.delete(number);
        }
        used = Math.max(used, heap.usedBytes - 2 * heap.liveBytes);
      }
      for (const [number, row] of live) assert.deepEqual(readRow(heap, number), row);
      assert.ok(used < 512 * 1024, `${used} bytes of garbage`);
    }),
    { numRuns: 5 },
  );
});

test("freeing everything leaves no more than a little memory in use", () => {
  const heap = new RowHeap(schema);
  const numbers = Array.from({ length: 5_000 }, (_, id) => heap.add(batchOf(schema, [rowOf(id, 300)]), 0));
  assert.ok(heap.usedBytes > 1_500_000);
  for (const number of numbers) heap.free(number);
  assert.equal(heap.liveBytes, 0);
  assert.ok(heap.usedBytes < 400_000, `${heap.usedBytes} bytes`);
});

test("fields are compared without event time and kind", () => {
  const heap = new RowHeap(schema);
  const add = (row: PlainRow) => heap.add(batchOf(schema, [row]), 0);
  const one = add({ eventTimeMs: 1, kind: 0, values: [1, "a"] });
  assert.ok(heap.sameFields(one, add({ eventTimeMs: 2, kind: 1, values: [1, "a"] })));
  for (const values of [
    [2, "a"],
    [1, "b"],
    [1, "ab"],
    [1, null],
    [null, "a"],
  ]) {
    assert.ok(!heap.sameFields(one, add({ eventTimeMs: 1, kind: 0, values })), JSON.stringify(values));
  }
});

test("rows in binary form go in and out unchanged", () => {
  const heap = new RowHeap(schema);
  const first = heap.add(batchOf(schema, [rowOf(7, 50)]), 0);
  const copy = heap.addBytes(heap.bytesOf(first).slice());
  assert.deepEqual(readRow(heap, copy), rowOf(7, 50));
});

test("a row that is freed while the heap is held stays readable, and is forgotten after that, a few at a time", () => {
  const heap = new RowHeap(schema);
  const add = (id: number) => heap.add(batchOf(schema, [rowOf(id, 300)]), 0);
  const numbers = Array.from({ length: 3_000 }, (_, id) => add(id));
  const { liveBytes } = heap;
  heap.hold();
  heap.hold();
  for (const [id, number] of numbers.entries()) {
    heap.links[number] = id;
    heap.free(number);
    add(id);
  }
  heap.letGo();
  heap.free(add(0)); // one snapshot is still being written
  for (const [id, number] of numbers.entries()) {
    assert.deepEqual(readRow(heap, number), rowOf(id, 300));
    assert.equal(heap.links[number], id);
  }
  heap.letGo();
  for (let step = 0; step < 1_000; step++) heap.free(add(0));
  assert.equal(heap.liveBytes, liveBytes);
});
