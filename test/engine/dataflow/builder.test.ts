import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../base/errors.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { job } from "../../../engine/dataflow/builder.ts";
import type { LogicalGraph, LogicalNode } from "../../../engine/dataflow/graph.ts";
import { validateGraph } from "../../../engine/dataflow/validate.ts";
import { count, sum } from "../../../engine/operators/aggregate/aggregate.ts";
import { hopping, tumbling } from "../../../engine/operators/window/window-spec.ts";
import { encoder, hotItems, sourceOptions } from "./jobs.ts";

function refused(build: () => unknown, ...words: (string | RegExp)[]): void {
  assert.throws(build, (error) => {
    assert.ok(error instanceof FaultlineError, String(error));
    assert.equal(error.code, "job-invalid" satisfies ErrorCode);
    for (const word of words) assert.match(error.message, word instanceof RegExp ? word : new RegExp(`"${word}"`));
    return true;
  });
}

test("a job's schemas follow from its operators", () => {
  const events = job("schemas").source("events", sourceOptions);
  const counts = events.keyBy("auction").window("counts", hopping(10, 2)).aggregate(count("num"), sum("price"));
  assert.deepEqual(
    counts.schema.fields.map(({ name, type }) => `${name} ${type}`),
    ["auction i64", "num i64", "sum_price i64", "window_start timestamp", "window_end timestamp"],
  );
  const renamed = counts.project("renamed", [["num", "n"], "auction"]);
  assert.deepEqual(renamed.schema.fields, [
    { name: "n", type: "i64" },
    { name: "auction", type: "i64" },
  ]);
});

test("a mistake in a job is refused, and the message names the operator", () => {
  const start = () => {
    const graph = job("wrong");
    return { graph, events: graph.source("events", sourceOptions) };
  };
  const { graph, events } = start();
  refused(() => events.project("narrow", ["cost"]), "narrow", "cost");
  refused(() => events.keyBy("cost"), "cost");
  refused(() => events.keyBy("auction").window("w", tumbling(10)).aggregate(sum("cost")), "w", "cost");
  refused(() => events.keyBy("auction").window("w", tumbling(10)).aggregate(sum("extra")), "w", "extra");
  refused(() => events.keyBy("auction").window("w", tumbling(-1)).aggregate(count()), "w");
  refused(() => events.keyBy("auction").topPerWindow("top", { windowField: "price", valueField: "price" }), "top");
  refused(() => events.topPerWindow("top", { windowField: "extra", valueField: "price" }), "top", "extra");
  events.filter("same", () => true);
  refused(() => events.filter("same", () => true), "same");
  refused(() => graph.build(), /no sink/);
  refused(() => events.union(events.project("less", ["price"])), "events", "less");
});

test("operators that nothing reads, and jobs without ends, are refused", () => {
  refused(() => job("empty").build(), "empty", /no source/);
  const graph = job("loose");
  const events = graph.source("events", sourceOptions);
  events.sink("out", encoder);
  events.filter("loose", () => true);
  refused(() => graph.build(), "loose", /nothing reads/);
});

test("hand-made graphs are checked as well", () => {
  const nodes = (changed: Partial<Record<string, Partial<LogicalNode>>>): LogicalGraph => {
    const { name, nodes } = hotItems();
    const changedNodes = [...nodes].map(([id, node]) => [id, { ...node, ...changed[id] } as LogicalNode] as const);
    return { name, nodes: new Map(changedNodes) };
  };
  validateGraph(nodes({}));
  const forward = { kind: "forward" } as const;
  refused(
    () => validateGraph(nodes({ "local-top": { inputs: [[{ from: "global-top", partitioning: forward }]] } })),
    "local-top",
  );
  refused(
    () => validateGraph(nodes({ count: { inputs: [[{ from: "bids", partitioning: forward }]] } })),
    "count",
    /keyed/,
  );
  const other = { kind: "hash", keys: ["price"] } as const;
  refused(
    () => validateGraph(nodes({ count: { inputs: [[{ from: "bids", partitioning: other }]] } })),
    "count",
    /keyed/,
  );
  refused(() => validateGraph(nodes({ out: { inputs: [] } })), "out", /not connected/);
  refused(
    () => validateGraph(nodes({ out: { inputs: [[{ from: "nowhere", partitioning: forward }]] } })),
    "out",
    "nowhere",
  );
  refused(
    () => validateGraph(nodes({ out: { inputs: [[{ from: "bids", partitioning: forward }]] } })),
    "out",
    /fields/,
  );
});
