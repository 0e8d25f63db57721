import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowKeys } from "../../../engine/operators/keyed-rows.ts";
import { TopNOperator } from "../../../engine/operators/top-n.ts";
import { ROW_UPSERT } from "../../../engine/rows/batch.ts";
import { instanceOfKeyGroup } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow, type Value } from "../rows/rows.ts";
import { feed, KEY_GROUPS, open, reopen, snapshotOf } from "./run.ts";

const input = new RowSchema([
  { name: "auction", type: "i64" },
  { name: "group", type: "string" },
  { name: "price", type: "i64" },
  { name: "time", type: "timestamp" },
  { name: "extra", type: "string" },
]);
const output = new RowSchema([...input.fields, { name: "rank", type: "i64" }]);
const [PRICE, TIME] = [2, 3];

function creator(keys: readonly string[], limit: number): () => TopNOperator {
  const order = [
    { index: PRICE, descending: true },
    { index: TIME, descending: false },
  ];
  return () => new TopNOperator({ input, output, keys: new RowKeys(input, keys), order, limit });
}

const worth = (value: Value | undefined, sign: number) =>
  typeof value === "number" ? sign * value : Number.POSITIVE_INFINITY;
const compare = (a: PlainRow, b: PlainRow) => {
  const [p, q] = [worth(a.values[PRICE], -1), worth(b.values[PRICE], -1)];
  if (p !== q) return p < q ? -1 : 1;
  const [s, t] = [worth(a.values[TIME], 1), worth(b.values[TIME], 1)];
  return s === t ? 0 : s < t ? -1 : 1;
};
const keyOf = (keys: readonly string[], { values }: PlainRow) =>
  JSON.stringify(keys.map((name) => values[input.index(name)]));

/** Sorts all rows of the key again for each one that comes. */
function model(keys: readonly string[], limit: number, rows: readonly PlainRow[]): PlainRow[] {
  const all = new Map<string, PlainRow[]>();
  const updates: PlainRow[] = [];
  for (const row of rows) {
    const key = keyOf(keys, row);
    const before = all.get(key) ?? [];
    const after = [...before, row].sort(compare);
    all.set(key, after);
    for (let rank = 0; rank < Math.min(limit, after.length); rank++) {
      const values = [...after[rank]!.values, rank + 1];
      const same =
        before[rank] !== undefined && JSON.stringify(before[rank].values) === JSON.stringify(after[rank]!.values);
      if (!same) updates.push({ eventTimeMs: row.eventTimeMs, kind: ROW_UPSERT, values });
    }
  }
  return updates;
}

const anyRows = fc.array(
  fc
    .tuple(
      fc.nat(99),
      fc.option(fc.nat(2), { freq: 9 }),
      fc.option(fc.constantFrom("x", "y"), { freq: 9 }),
      fc.option(fc.integer({ min: -3, max: 9 }), { freq: 9 }),
      fc.nat(3),
      fc.constantFrom("", "some text", "much more text than that"),
    )
    .map(([eventTimeMs, ...values]): PlainRow => ({ eventTimeMs, values })),
  { maxLength: 80, size: "max" },
);
const anyKeys = fc.constantFrom(["auction"], ["group"], ["group", "auction"]);
const anyLimit = fc.integer({ min: 1, max: 12 });

test("after each row exactly the ranks that changed are given, ascending, in any batches", () => {
  fc.assert(
    fc.property(anyKeys, anyLimit, anyRows, fc.integer({ min: 1, max: 50 }), (keys, limit, rows, batchRows) => {
      const running = open(creator(keys, limit));
      feed(running, input, rows, batchRows);
      assert.deepEqual(running.rows, model(keys, limit, rows));
    }),
    { numRuns: 300 },
  );
});

test("a top restored at another parallelism goes on with the updates of an uninterrupted one, key by key", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(anyKeys, anyLimit, anyRows, fc.nat(), parallelism, parallelism, (keys, limit, rows, cut, p, q) => {
      const create = creator(keys, limit);
      const at = cut % (rows.length + 1);
      const { codec } = new RowKeys(input, keys);
      const part = (list: readonly PlainRow[], instance: number, of: number) =>
        list.filter(
          (row) => instanceOfKeyGroup(codec.groupOf(batchOf(input, [row]), 0, KEY_GROUPS), of, KEY_GROUPS) === instance,
        );
      const before = Array.from({ length: p }, (_, i) => open(create, i, p));
      before.forEach((running, i) => {
        feed(running, input, part(rows.slice(0, at), i, p), 4);
      });
      const snapshots = before.map(snapshotOf);
      assert.deepEqual(before.map(snapshotOf), snapshots, "a snapshot changes nothing");
      const after = reopen(create, q, snapshots);
      if (p === q) assert.deepEqual(after.map(snapshotOf), snapshots, "what was restored is what was saved");
      after.forEach((running, i) => {
        feed(running, input, part(rows.slice(at), i, q), 4);
      });
      const byKey = (list: readonly PlainRow[]) => Map.groupBy(list, (row) => keyOf(keys, row));
      const updates = [...before, ...after].flatMap((running) => running.rows);
      assert.deepEqual(byKey(updates), byKey(model(keys, limit, rows)));
    }),
    { numRuns: 150 },
  );
});
