import assert from "node:assert/strict";
import { test } from "node:test";
import { DeriveOperator, expression, tumblingBounds } from "../../../engine/operators/derive.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { feed, open } from "./run.ts";

const input = new RowSchema([
  { name: "price", type: "i64" },
  { name: "text", type: "string" },
]);
const added = (...names: readonly string[]) =>
  new RowSchema([...input.fields, ...names.map((name) => ({ name, type: "timestamp" }) as const)]);

test("a computed field follows the others; null is NULL, and stays with its row", () => {
  const half = expression((row) => (row.isNull(0) ? null : row.number(0) / 2));
  const running = open(() => new DeriveOperator(added("half"), 1, half));
  const values = [
    [4, "a"],
    [null, "b"],
    [6, null],
    [null, null],
    [0, ""],
  ];
  const steps = values.map((row, i) => ({ eventTimeMs: i, kind: i % 2, values: row as (string | number | null)[] }));
  for (const batchRows of [1, 2, 3, 5]) feed(running, input, steps, batchRows);
  const expected = steps.map((step) => {
    const [price] = step.values;
    return { ...step, values: [...step.values, typeof price === "number" ? price / 2 : null] };
  });
  assert.deepEqual(running.rows, [...expected, ...expected, ...expected, ...expected]);
});

test("a row at a border lies in the window that it starts; windows before 1970 are aligned, too", () => {
  const running = open(() => new DeriveOperator(added("start", "end"), 2, tumblingBounds(10)));
  const times = [0, 9, 10, -1, -10, -11];
  feed(
    running,
    input,
    times.map((eventTimeMs) => ({ eventTimeMs, values: [1, ""] })),
    4,
  );
  assert.deepEqual(
    running.rows.map(({ values }) => values.slice(2)),
    [
      [0, 10],
      [0, 10],
      [10, 20],
      [-10, 0],
      [-10, 0],
      [-20, -10],
    ],
  );
});
