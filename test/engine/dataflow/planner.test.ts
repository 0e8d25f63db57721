import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
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

const BY_KIND = { source: 1, operator: 2, sink: 1 };

test("a vertex that is named has its own count of replicas, and the others keep theirs", () => {
  const vertexReplicas = { events: 3, count: 4, "global-top": 1 };
  const plan = planJob(hotItems(), { parallelism: 2, keyGroups: 128, replicas: BY_KIND, vertexReplicas });
  assert.deepEqual(
    plan.vertices.map(({ operators, replicas }) => [operators.join(" "), replicas]),
    [
      ["events", 3],
      ["bids", 2],
      ["count local-top", 4],
      // As many replicas as the sink: one task.
      ["global-top out", 1],
    ],
  );
});

test("names of vertices do not depend on the counts, and a count of 1 for all is no replication", () => {
  const vertexReplicas = { bids: 3 };
  const replicas = { source: 1, operator: 1, sink: 1 };
  const plan = planJob(hotItems(), { parallelism: 2, keyGroups: 128, replicas, vertexReplicas });
  assert.deepEqual(
    plan.vertices.map(({ id, replicas: count }) => [id, count]),
    [
      ["events", 1],
      ["bids", 3],
      ["count", 1],
      ["global-top", 1],
    ],
  );
  const all = { events: 1, bids: 1, count: 1, "global-top": 1, out: 1 };
  const settings = { parallelism: 2, keyGroups: 128 };
  assert.deepEqual(
    planJob(hotItems(), { ...settings, replicas: BY_KIND, vertexReplicas: all }),
    planJob(hotItems(), settings),
  );
});

test("an unknown vertex, replicas of a sink and counts that cannot be are refused by name", () => {
  const plan = (vertexReplicas: Readonly<Record<string, number>>) => () =>
    planJob(hotItems(), { parallelism: 2, keyGroups: 128, replicas: BY_KIND, vertexReplicas });
  assert.throws(plan({ nothing: 2 }), (error: unknown) => {
    assert.ok(error instanceof FaultlineError);
    assert.match(error.message, /"nothing", which the job does not have$/);
    assert.match(error.hint ?? "", /"events", "bids", "count", "global-top", "out"$/);
    return true;
  });
  assert.throws(plan({ "local-top": 2 }), /"local-top".*part of vertex "count"/);
  assert.throws(plan({ toString: 2 }), /"toString", which the job does not have/);
  assert.throws(plan({ out: 2 }), /sink "out": 2 replicas/);
  assert.throws(plan({ count: 5 }), /"count": 5 replicas, at most 4/);
  assert.throws(plan({ count: 0 }), /"count": replicas must be a positive integer, not 0/);
});
