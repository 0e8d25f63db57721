import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperatorContext } from "../../../engine/operators/operator.ts";
import {
  computedTable,
  csvTable,
  inlineTable,
  type SideTable,
  tableRows,
} from "../../../engine/operators/side-table.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { rowsOf, type Value } from "../rows/rows.ts";

const schema = new RowSchema([
  { name: "id", type: "i64" },
  { name: "text", type: "string" },
  { name: "rate", type: "decimal3" },
  { name: "share", type: "f64" },
]);

/** An operator's context in which every file has this content. */
function contextOf(content: string): OperatorContext {
  const files = {
    read(path: string, maxBytes: number) {
      if (content.length > maxBytes) throw new Error(`${path} is too large`);
      return new TextEncoder().encode(content);
    },
  };
  return { operatorId: "o", instance: 0, parallelism: 1, keyGroups: { first: 0, end: 1, total: 1 }, files };
}

const load = (table: SideTable, content = "") =>
  rowsOf(tableRows(table, contextOf(content))).map(({ values }) => values);
const csv = (content: string, options = {}) => load(csvTable(schema, "t.csv", options), content);

test("a CSV file's columns are found by name, quotes and line ends are read, what is empty is NULL", () => {
  const content = 'share,rate,more,text,id\r\n0.5,1.25,x,"a ""b"", c\nd",7\n\n,,y,"",\n1e3,-0.001,z,é,-3';
  const expected: Value[][] = [
    [7, 'a "b", c\nd', 1250, 0.5],
    [null, "", null, null],
    [-3, "é", -1, 1000],
  ];
  assert.deepEqual(csv(content), expected);
});

test("a table that does not fit is refused, and the message says where", () => {
  const header = "id,text,rate,share\n";
  const cases: readonly [() => unknown, RegExp][] = [
    [() => csv("id,text\n1,a"), /no column "rate"/],
    [() => csv(`${header}1,a,1`), /line 2 of the table has 3 values, not 4/],
    [() => csv(`${header}1,a,1,1\n1.5,b,1,1`), /line 3, column "id" of the table: "1.5" is no i64/],
    [() => csv(`${header}1,a,x,1`), /line 2, column "rate" of the table: "x" is no decimal3/],
    [() => csv(`${header}1,"a\nb",1,1\n2,"c`), /line 4 of the table: a quote is not closed/],
    [() => csv(`${header}1,"a"b,1,1`), /line 2 of the table: text behind a closing quote/],
    [() => csv(`${header}1,a,1,1\n2,b,1,1\n`, { maxRows: 1 }), /more than 1 rows/],
    [() => csv(header, { maxBytes: 5 }), /t.csv is too large/],
    [() => load(inlineTable(schema, [["x"]])), /"x" does not fit the table's field "id"/],
    [() => load(inlineTable(schema, [[1, "a", 1, 1, 1]])), /1 does not fit the table's field "number 4"/],
    [() => load(computedTable(schema, (rows) => rows.addRow(), { maxRows: 0 })), /more than 0 rows/],
  ];
  for (const [attempt, message] of cases) assert.throws(attempt, { code: "job-invalid", message });
});
