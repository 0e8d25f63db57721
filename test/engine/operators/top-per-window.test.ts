import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TopPerWindowOperator } from "../../../engine/operators/top-per-window.ts";
import { instanceOfKeyGroup, keyGroupOfNumber } from "../../../engine/rows/key-groups.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import type { PlainRow } from "../rows/rows.ts";
import { feed, KEY_GROUPS, open, reopen, type Step, snapshotOf } from "./run.ts";

const schema = new RowSchema([
  { name: "auction", type: "i64" },
  { name: "num", type: "i64" },
  { name: "window_end", type: "timestamp" },
  { name: "note", type: "string" },
]);
const local = () => new TopPerWindowOperator(schema, 2, 1, false);
const global = () => new TopPerWindowOperator(schema, 2, 1, true);

function rowOf(auction: number, num: number, end: number): PlainRow {
  return { eventTimeMs: end - 1, kind: 0, values: [auction, num, end, `auction ${auction}`] };
}

function top(rows: readonly PlainRow[]): PlainRow[] {
  const best = new Map<unknown, number>();
  for (const { values } of rows) best.set(values[2], Math.max(best.get(values[2]) ?? 0, Number(values[1])));
  const kept = rows.filter(({ values }) => values[1] === best.get(values[2]));
  return kept.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
}

const anyRows = fc.array(
  fc
    .tuple(fc.nat(9), fc.nat(3), fc.integer({ min: 1, max: 9 }))
    .map(([auction, num, end]) => rowOf(auction, num, end * 2)),
  { maxLength: 80 },
);
const END: Step = { watermarkMs: Number.POSITIVE_INFINITY };

test("each window keeps all rows with its largest value, in any batches", () => {
  fc.assert(
    fc.property(anyRows, fc.integer({ min: 1, max: 100 }), (rows, batchRows) => {
      const running = open(global);
      feed(running, schema, [...rows, END], batchRows);
      const sorted = (list: readonly PlainRow[]) => list.map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(sorted(running.rows), sorted(top(rows)));
      const times = running.rows.map(({ eventTimeMs }) => eventTimeMs);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    }),
  );
});

test("ties leave in one order, whichever came first", () => {
  fc.assert(
    fc.property(anyRows, fc.nat(), (rows, turn) => {
      const at = turn % (rows.length + 1);
      const [one, other] = [open(global), open(global)];
      feed(one, schema, [...rows, END], 5);
      feed(other, schema, [...rows.slice(at).reverse(), ...rows.slice(0, at), END], 3);
      assert.deepEqual(one.rows, other.rows);
    }),
  );
});

test("two stages give the same leaders as one, also when both are restored at another parallelism in between", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(anyRows, fc.nat(), parallelism, parallelism, (rows, cut, p, q) => {
      const at = cut % (rows.length + 1);
      const spread = (list: readonly PlainRow[], by: number, i: number) =>
        list.filter((row) => Number(row.values[0]) % by === i);
      const owned = (list: readonly PlainRow[], by: number, i: number) =>
        list.filter(
          (row) => instanceOfKeyGroup(keyGroupOfNumber(Number(row.values[2]), KEY_GROUPS), by, KEY_GROUPS) === i,
        );
      const first = Array.from({ length: p }, (_, i) => open(local, i, p));
      first.forEach((running, i) => {
        feed(running, schema, spread(rows.slice(0, at), p, i), 3);
      });
      const second = reopen(local, q, first.map(snapshotOf));
      second.forEach((running, i) => {
        feed(running, schema, [...spread(rows.slice(at), q, i), END], 3);
      });
      const leaders = second.flatMap((running) => running.rows);

      const half = leaders.length >> 1;
      const third = Array.from({ length: p }, (_, i) => open(global, i, p));
      third.forEach((running, i) => {
        feed(running, schema, owned(leaders.slice(0, half), p, i), 3);
      });
      const fourth = reopen(global, q, third.map(snapshotOf));
      fourth.forEach((running, i) => {
        feed(running, schema, [...owned(leaders.slice(half), q, i), END], 3);
      });
      const sorted = (list: readonly PlainRow[]) => list.map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(sorted(fourth.flatMap((running) => running.rows)), sorted(top(rows)));
    }),
  );
});

test("rows of a window that has been emitted are dropped and counted", () => {
  const running = open(global);
  feed(running, schema, [rowOf(1, 5, 10), { watermarkMs: 9 }, rowOf(2, 9, 10), rowOf(3, 1, 11), END], 1);
  assert.deepEqual(
    running.rows.map((row) => row.values[0]),
    [1, 3],
  );
  assert.deepEqual(running.operator.counters!(), { lateRows: 1, nullRows: 0 });
});
