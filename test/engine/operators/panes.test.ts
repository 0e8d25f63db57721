import assert from "node:assert/strict";
import { test } from "node:test";
import { distinctFields } from "../../../engine/operators/aggregate/distinct-sets.ts";
import { Panes } from "../../../engine/operators/window/panes.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import type { NumberKeyTable } from "../../../engine/state/key-table.ts";
import { batchOf } from "../rows/rows.ts";

const VALUES = 10_000;
const schema = new RowSchema([{ name: "value", type: "i64" }]);
const batch = batchOf(
  schema,
  Array.from({ length: VALUES }, (_, value) => ({ eventTimeMs: 0, values: [value] })),
);
const [field] = distinctFields(schema, [{ at: 0, where: -1, field: 0 }]);

/** Of 12 panes that were live at once, each with so many keys and values of one key's set: how many are used again. */
function reused({ keys, values }: { readonly keys: number; readonly values: number }): number {
  const panes = new Panes({ first: 0, end: 4, total: 4 }, 1, true, true);
  const numbers = Array.from({ length: 12 }, (_, number) => number);
  const all = new Set(numbers.map((number) => panes.open(number)));
  for (const { table, sets } of all) {
    for (let key = 0; key < keys; key++) (table as NumberKeyTable).upsert(key);
    for (let row = 0; row < values; row++) sets!.add(0, new Uint8Array(1), 1, field!, batch, row, 1);
  }
  for (const _ of all) panes.dropEarliest();
  const again = numbers.map((number) => panes.open(number));
  assert.ok(again.every(({ table, sets }) => table.size === 0 && sets!.size === 0));
  return again.filter((pane) => all.has(pane)).length;
}

test("small panes are all used again, of large ones a few: those with many keys, and those with large sets", () => {
  assert.equal(reused({ keys: 10, values: 10 }), 12);
  assert.equal(reused({ keys: VALUES, values: 0 }), 6);
  assert.equal(reused({ keys: 1, values: VALUES }), 6);
});
