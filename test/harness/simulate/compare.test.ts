import assert from "node:assert/strict";
import { test } from "node:test";
import { wrongRows } from "../../../harness/simulate/compare.ts";
import { type DrawnRun, drawRun } from "../../../harness/simulate/draw-run.ts";
import type { ExpectedRow, Value } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";

type Row = readonly Value[];

const expected = (rows: readonly Row[]): ExpectedRow[] => rows.map((values) => ({ values, lastInput: 0 }));
const append = drawRun(findQuery("q7"), 1);
const width = [...append.query.columns, ...append.query.identity].length;
const rowOf = (value: number): Row => Array.from({ length: width }, () => value);

test("append queries: lost, forged and repeated rows are told with examples, another order is not", () => {
  const right = [1, 2, 2, 3].map(rowOf);
  const wrong = (got: readonly Row[]) => wrongRows(append, expected(right), true, got);
  assert.equal(wrong([3, 2, 1, 2].map(rowOf)), null);
  assert.match(wrong([1, 2, 3].map(rowOf))!, /^1 rows lost for example\n {2}\[2,/);
  assert.match(wrong([1, 2, 2, 3, 4].map(rowOf))!, /^1 rows wrong, or once too often, for example\n {2}\[4,/);
  assert.match(wrong([1, 2, 2, 3, 3].map(rowOf))!, /^1 rows wrong, or once too often/);
  assert.match(wrong([1, 2, 2, 4].map(rowOf))!, /^1 rows lost[\s\S]*1 rows wrong/);
});

test("where streams interleave freely, rows may be missing, but never forged or repeated", () => {
  const right = expected([1, 2, 3].map(rowOf));
  assert.equal(wrongRows(append, right, false, [rowOf(2)]), null);
  assert.notEqual(wrongRows(append, right, false, [rowOf(2), rowOf(2)]), null);
  assert.notEqual(wrongRows(append, right, false, [rowOf(9)]), null);
});

test("upsert queries: the last row of every key, and all updates where the data fix their order", () => {
  const query = findQuery("q19");
  assert.equal(query.output.kind, "upsert");
  const key = query.output.kind === "upsert" ? query.output.key : [];
  const columns = [...query.columns, ...query.identity];
  const row = (name: number, value: number): Row => columns.map((column) => (key.includes(column.name) ? name : value));
  const run = (partitions: number, partitionRule: DrawnRun["partitionRule"]): DrawnRun => {
    return { ...drawRun(query, 1), partitions, partitionRule };
  };
  const right = expected([row(1, 10), row(1, 11), row(2, 20)]);
  const reordered = [row(2, 20), row(1, 10), row(1, 11)];
  const skipped = [row(1, 11), row(2, 20)];
  const stale = [row(1, 11), row(1, 10), row(2, 20)];
  for (const fixed of [run(1, "roundRobin"), run(3, "auction")]) {
    assert.equal(wrongRows(fixed, right, true, reordered), null);
    assert.notEqual(wrongRows(fixed, right, true, skipped), null);
    assert.notEqual(wrongRows(fixed, right, true, stale), null);
  }
  const free = run(3, "roundRobin");
  assert.equal(wrongRows(free, right, true, skipped), null);
  assert.notEqual(wrongRows(free, right, true, stale), null);
  assert.notEqual(wrongRows(free, right, true, [row(1, 11)]), null);
});
