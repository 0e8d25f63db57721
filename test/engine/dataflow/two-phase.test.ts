import assert from "node:assert/strict";
import { test } from "node:test";
import { planOfJob } from "../../../engine/cluster/plan-of-job.ts";
import { countDistinct, sideOutput, tumbling } from "../../../engine/dataflow/api.ts";
import { type JobBuilder, job } from "../../../engine/dataflow/builder.ts";
import type { LogicalGraph } from "../../../engine/dataflow/graph.ts";
import { describePlan } from "../../../engine/dataflow/planner.ts";
import type { Stream } from "../../../engine/dataflow/stream.ts";
import { inTwoPhases } from "../../../engine/dataflow/two-phase.ts";
import { count } from "../../../engine/operators/aggregate/aggregate.ts";
import { countSpec, REPLICATION } from "../cluster/count-cluster.ts";
import { encoder, hotItems, sourceOptions } from "./jobs.ts";

/** What rows cross: the plan's lines, without key groups. */
const planned = (graph: LogicalGraph, more: Parameters<typeof countSpec>[0] = {}) =>
  describePlan(planOfJob(graph, countSpec({ parallelism: 2, ...more })))
    .split("\n")
    .filter((line) => !line.startsWith("key groups"));

const windows = (stream: Stream) => stream.keyBy("auction").window("count", tumbling(10));

function graphOf(build: (events: Stream, graph: JobBuilder) => void): LogicalGraph {
  const graph = job("phases");
  build(graph.source("events", sourceOptions), graph);
  return graph.build();
}

test("a window aggregate adds up before its exchange, in the sender's chain", () => {
  assert.deepEqual(planned(hotItems()), [
    "events → bids → count.local  [2]",
    "count → local-top  [2]",
    "global-top → out  [2]",
    "edge 0: events ⇒ count  hash(auction)",
    "edge 1: count ⇒ global-top  hash(window_end)",
  ]);
});

test("a job with replicas keeps one phase: how rows add up depends on how they arrive", () => {
  const lines = planned(hotItems(), { replication: { ...REPLICATION, factor: 2 } });
  assert.ok(lines.every((line) => !line.includes(".local")));
});

test("a graph that is in two phases stays as it is, and the one it was made of too", () => {
  const graph = hotItems();
  const before = [...graph.nodes.keys()];
  const once = inTwoPhases(graph);
  assert.deepEqual([...inTwoPhases(once).nodes], [...once.nodes]);
  assert.deepEqual([...graph.nodes.keys()], before);
});

test("nothing is divided where a first phase would be a task of its own, or cannot add up", () => {
  const twice = graphOf((events) => {
    windows(events).aggregate(count()).sink("out", encoder);
    events.sink("all", encoder);
  });
  const united = graphOf((events) => {
    const some = events.filter("some", () => true);
    windows(some.union(events.filter("others", () => true)))
      .aggregate(count())
      .sink("out", encoder);
  });
  const distinct = graphOf((events) => windows(events).aggregate(countDistinct("price")).sink("out", encoder));
  const late = graphOf((events) => {
    const side = sideOutput("late", events.schema);
    const stream = events.keyBy("auction").window("count", tumbling(10), { late: side }).aggregate(count());
    stream.side(side).sink("lateRows", encoder);
    stream.sink("out", encoder);
  });
  for (const graph of [twice, united, distinct, late]) {
    assert.deepEqual([...inTwoPhases(graph).nodes.keys()], [...graph.nodes.keys()]);
  }
});
