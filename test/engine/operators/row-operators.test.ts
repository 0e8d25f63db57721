import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FilterOperator } from "../../../engine/operators/filter.ts";
import { FlatMapOperator } from "../../../engine/operators/flat-map.ts";
import { MapOperator } from "../../../engine/operators/map.ts";
import type { Operator } from "../../../engine/operators/operator.ts";
import { ProjectOperator } from "../../../engine/operators/project.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import type { PlainRow } from "../rows/rows.ts";
import { feed, open } from "./run.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "name", type: "string" },
]);
const swapped = new RowSchema([
  { name: "label", type: "string" },
  { name: "id", type: "i64" },
]);

const anyRows: fc.Arbitrary<PlainRow[]> = fc.array(
  fc.record(
    {
      eventTimeMs: fc.nat(100),
      kind: fc.constantFrom(0, 1),
      values: fc.tuple<[number | null, string | null]>(fc.option(fc.nat(9)), fc.option(fc.string())),
    },
    { noNullPrototype: true },
  ),
);

function run(create: () => Operator, rows: readonly PlainRow[], batchRows: number): PlainRow[] {
  const running = open(create);
  feed(running, schema, rows, batchRows);
  return running.rows;
}

const cases: { name: string; create: () => Operator; model: (row: PlainRow) => PlainRow[] }[] = [
  {
    name: "filter",
    create: () => new FilterOperator((row) => row.number(0) % 2 === 1),
    model: (row) => (Number(row.values[0]) % 2 === 1 ? [row] : []),
  },
  {
    name: "project",
    create: () => new ProjectOperator(swapped, [1, 0]),
    model: (row) => [{ ...row, values: [row.values[1]!, row.values[0]!] }],
  },
  {
    name: "map",
    create: () =>
      new MapOperator(swapped, (row, out) => {
        out.copy(0, row, 1);
        if (!row.isNull(0)) out.setNumber(1, row.number(0) * 2);
      }),
    model: (row) => [{ ...row, values: [row.values[1]!, row.values[0] === null ? null : Number(row.values[0]) * 2] }],
  },
  {
    name: "flatMap",
    create: () =>
      new FlatMapOperator(schema, (row, out) => {
        for (let i = 0; i < row.number(0); i++) {
          out.addRow(row.eventTimeMs + i, row.kind);
          out.setNumber(0, i);
          out.setText(1, `${row.text(1)}/${i}`);
        }
      }),
    model: (row) =>
      Array.from({ length: Number(row.values[0]) }, (_, i) => ({
        ...row,
        eventTimeMs: row.eventTimeMs + i,
        values: [i, `${row.values[1]}/${i}`],
      })),
  },
];

for (const { name, create, model } of cases) {
  test(`${name} does to each row what it says, NULLs, times and kinds included, in any batches`, () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 9 }), (rows, batchRows) => {
        assert.deepEqual(run(create, rows, batchRows), rows.flatMap(model));
      }),
    );
  });
}

test("filters in a row all count", () => {
  const first = new FilterOperator((row) => row.number(0) % 2 === 0);
  const second = open(() => new FilterOperator((row) => row.number(0) % 3 === 0));
  const context = { operatorId: "first", instance: 0, parallelism: 1, keyGroups: { first: 0, end: 1, total: 1 } };
  first.open(context, { emit: (batch) => second.operator.process(0, batch) });
  const rows = Array.from({ length: 30 }, (_, id): PlainRow => ({ eventTimeMs: id, values: [id, ""] }));
  feed({ operator: first, rows: [] }, schema, rows, 11);
  assert.deepEqual(
    second.rows.map((row) => row.values[0]),
    [0, 6, 12, 18, 24],
  );
});
