import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonEncoder } from "../../../engine/connectors/json/encoder.ts";
import { job } from "../../../engine/dataflow/builder.ts";
import { describePlan, planJob } from "../../../engine/dataflow/planner.ts";
import type { Stream } from "../../../engine/dataflow/stream.ts";
import { count } from "../../../engine/operators/aggregate/aggregate.ts";
import { hopping, sessions, tumbling } from "../../../engine/operators/window/window-spec.ts";
import { sourceOptions } from "./jobs.ts";

/** Rows (auction i64, price i64, extra string) of one graph, and what it is built by. */
function rows() {
  const graph = job("tested");
  return { graph, rows: graph.source("events", sourceOptions) };
}

const fieldsOf = (stream: Stream) => stream.schema.fields.map(({ name, type }) => `${name} ${type}`);

test("operators have the fields that they say, in order", () => {
  const { rows: all } = rows();
  const both = all.keyBy("auction");
  const joined = both.join("join", all.keyBy("price"), { select: { left: ["auction"], right: [["extra", "text"]] } });
  assert.deepEqual(fieldsOf(joined), ["auction i64", "text string"]);
  const select = { left: ["price"] };
  const semi = both.windowJoin("semi", all.keyBy("price"), tumbling(10), { type: "semi", select });
  assert.deepEqual(fieldsOf(semi), ["price i64", "window_start timestamp", "window_end timestamp"]);
  const top = both.topN("top", { limit: 3, orderBy: [["price", "descending"]], rankField: "rank" });
  assert.deepEqual(fieldsOf(top), ["auction i64", "price i64", "extra string", "rank i64"]);
  const session = both.window("session", sessions(5)).aggregate(count("n"));
  assert.deepEqual(fieldsOf(session), ["auction i64", "n i64", "window_start timestamp", "window_end timestamp"]);
  const windows = all.compute("half", { name: "half", type: "decimal3" }, (row) => row.number(1) * 500);
  assert.deepEqual(fieldsOf(windows.tumblingWindow("windows", 10)), [
    "auction i64",
    "price i64",
    "extra string",
    "half decimal3",
    "window_start timestamp",
    "window_end timestamp",
  ]);
});

test("both inputs of a join meet by key, with the parallelism that was asked for", () => {
  const { graph, rows: all } = rows();
  const left = all.filter("left", () => true).withParallelism(3);
  const right = all.filter("right", () => true);
  const joined = left.keyBy("auction").join("join", right.keyBy("price"), { select: { left: ["auction"] } });
  joined.sink("out", jsonEncoder(joined.schema));
  const plan = describePlan(planJob(graph.build(), { parallelism: 2, keyGroups: 8 }));
  assert.match(plan, /^join → out {2}\[3\]$/m);
  assert.match(plan, /left ⇒ join {2}hash\(auction\)/);
  assert.match(plan, /right ⇒ join \(input 1\) {2}hash\(price\)/);
});

test("what cannot work is refused where it is built, by the operator's name", () => {
  const { rows: all } = rows();
  const byAuction = all.keyBy("auction");
  const byText = all.keyBy("extra");
  const select = { left: ["auction"] };
  const top = { limit: 3, orderBy: [["price", "descending"]], rankField: "rank" } as const;
  const cases: readonly [() => unknown, RegExp][] = [
    [() => byAuction.join("j", byText, { select }), /"j": its inputs are keyed by \(i64\) and \(string\)/],
    [() => byAuction.join("j", byAuction, { select: { left: ["bidder"] } }), /"j": no field "bidder"/],
    [
      () => byAuction.join("j", byAuction, { select: { left: ["price"], right: ["price"] } }),
      /"j": field names repeat/,
    ],
    [() => byAuction.windowJoin("w", byAuction, hopping(10, 5), { select }), /"w": window joins need tumbling windows/],
    [
      () => byAuction.windowJoin("w", byAuction, tumbling(10), { type: "semi", select: { right: ["price"] } }),
      /"w": a semi-join has no fields of the right side/,
    ],
    [() => byAuction.topN("t", { ...top, limit: 0 }), /"t": a top of 0 rows/],
    [() => byAuction.topN("t", { ...top, orderBy: [] }), /"t": a top needs an order/],
    [() => byAuction.topN("t", { ...top, orderBy: [["extra", "ascending"]] }), /"t": field "extra" is a string/],
    [() => byAuction.topN("t", { ...top, rankField: "price" }), /"t": field names repeat/],
    [() => byAuction.window("s", sessions(0)).aggregate(count()), /"s": sessions with a gap of 0 ms/],
    [() => all.tumblingWindow("b", 0), /"b": windows of 0 ms/],
    [() => all.compute("c", { name: "price", type: "i64" }, () => 1), /"c": field names repeat/],
    [() => all.compute("c", { name: "text", type: "string" }, () => 1), /"c": field "text" is a string/],
  ];
  for (const [build, message] of cases) assert.throws(build, { code: "job-invalid", message });
});
