import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { job } from "../../../engine/dataflow/builder.ts";
import { describePlan, planJob } from "../../../engine/dataflow/planner.ts";
import { encoder, hotItems, sourceOptions } from "./jobs.ts";

test("q5's shape becomes three tasks per instance, with hash edges between them", () => {
  const plan = planJob(hotItems(), { parallelism: 2, keyGroups: 128 });
  assert.equal(
    describePlan(plan),
    [
      "events → bids  [2]",
      "count → local-top  [2]",
      "global-top → out  [2]",
      "edge 0: events ⇒ count  hash(auction)",
      "edge 1: count ⇒ global-top  hash(window_end)",
      "key groups: 128",
    ].join("\n"),
  );
});

test("a plan is plain data and the same in every process", () => {
  const settings = { parallelism: 3, keyGroups: 64, replicas: { source: 2, operator: 2, sink: 2 } };
  const plan = planJob(hotItems(), settings);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  assert.deepEqual(planJob(hotItems(), settings), plan);
  assert.ok(plan.vertices.every((vertex) => vertex.replicas === 2));
});

test("a stream that is read twice is sent over edges, not chained", () => {
  const graph = job("twice");
  const events = graph.source("events", sourceOptions);
  events.sink("all", encoder);
  events.filter("some", () => true).sink("part", encoder);
  const plan = planJob(graph.build(), { parallelism: 1, keyGroups: 8 });
  assert.deepEqual(
    plan.vertices.map((vertex) => vertex.operators),
    [["events"], ["all"], ["some", "part"]],
  );
  assert.deepEqual(
    plan.edges.map(({ id, from, to, partitioning }) => [id, from, to, partitioning.kind]),
    [
      [0, "events", "all", "forward"],
      [1, "events", "some", "forward"],
    ],
  );
});

test("a union is one input with several edges, whose sender is the vertex that ends in the operator", () => {
  const graph = job("union");
  const left = graph.source("left", sourceOptions).filter("odd", () => true);
  const right = graph.source("right", sourceOptions);
  left.union(right).rebalance().sink("out", encoder);
  const plan = planJob(graph.build(), { parallelism: 2, keyGroups: 8 });
  assert.deepEqual(
    plan.edges.map(({ from, to, input, partitioning }) => [from, to, input, partitioning.kind]),
    [
      ["left", "out", 0, "roundRobin"],
      ["right", "out", 0, "roundRobin"],
    ],
  );
});

test("impossible parallelism is refused with the operator's name", () => {
  assert.throws(() => planJob(hotItems(), { parallelism: 9, keyGroups: 8 }), /"events".*9 > 8 key groups/);
  assert.throws(() => planJob(hotItems(), { parallelism: 0, keyGroups: 8 }), /parallelism/);
  assert.throws(
    () => planJob(hotItems(3), { parallelism: 2, keyGroups: 8 }),
    /"bids" has parallelism 2.*"events" has 3/,
  );
});

test("every operator is in exactly one chain, whatever the parallelism", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 16, max: 256 }), (parallelism, keyGroups) => {
      const graph = hotItems();
      const plan = planJob(graph, { parallelism, keyGroups });
      const operators = plan.vertices.flatMap((vertex) => vertex.operators);
      assert.deepEqual([...operators].sort(), [...graph.nodes.keys()].sort());
      assert.ok(plan.edges.every((edge, i) => edge.id === i));
    }),
  );
});

test("vertices of several numbers of replicas are not chained, and no operator that reads the clock has any", () => {
  const plan = planJob(hotItems(), { parallelism: 2, keyGroups: 128, replicas: { source: 1, operator: 2, sink: 1 } });
  assert.deepEqual(
    plan.vertices.map(({ operators, replicas }) => [operators.join(" "), replicas]),
    [
      ["events", 1],
      ["bids", 2],
      ["count local-top", 2],
      ["global-top", 2],
      ["out", 1],
    ],
  );
  const replicas = { source: 1, operator: 5, sink: 1 };
  assert.throws(() => planJob(hotItems(), { parallelism: 1, keyGroups: 8, replicas }), /5 replicas, at most 4/);
});
