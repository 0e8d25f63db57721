import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobFactory } from "../../../engine/dataflow/graph.ts";
import { describePlan, planJob } from "../../../engine/dataflow/planner.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";

async function factoryOf(id: string): Promise<JobFactory> {
  return (await import(findQuery(id).job.href)).default;
}

test("every job writes the columns of its definition, with and without identity, in both modes", async () => {
  for (const id of queryIds("nexmark")) {
    const { columns, identity } = findQuery(id);
    const factory = await factoryOf(id);
    for (const mode of ["classic", "head"]) {
      for (const withIdentity of [true, false]) {
        const graph = factory({ watermarkDelayMs: 4_000, mode, identity: withIdentity });
        const sink = graph.nodes.get("results");
        assert.deepEqual(sink?.schema.fields, withIdentity ? [...columns, ...identity] : columns, `${id} ${mode}`);
        assert.equal(graph.nodes.get("events")?.kind, "source");
      }
    }
  }
});

async function planOf(id: string): Promise<string> {
  const parameters = { watermarkDelayMs: 4_000, mode: "head", identity: true };
  return describePlan(planJob((await factoryOf(id))(parameters), { parallelism: 2, keyGroups: 8 }));
}

test("stateless queries are one chain: no row crosses the network", async () => {
  assert.deepEqual(await Promise.all(["q0", "q1", "q2"].map(planOf)), [
    "events → bids → results  [2]\nkey groups: 8",
    "events → bids → converted → columns → results  [2]\nkey groups: 8",
    "events → bids → selected → results  [2]\nkey groups: 8",
  ]);
});

test("q5 and q7 cross the network after a top of each instance, so that few rows meet in the instance of a window", async () => {
  assert.deepEqual(await Promise.all(["q5", "q7"].map(planOf)), [
    [
      "events → bids  [2]",
      "counts → hottestOfInstance  [2]",
      "hottest → columns → results  [2]",
      "edge 0: events ⇒ counts  hash(auction)",
      "edge 1: counts ⇒ hottest  hash(window_end)",
      "key groups: 8",
    ].join("\n"),
    [
      "events → bids → windows → highestOfInstance  [2]",
      "highest → columns → results  [2]",
      "edge 0: events ⇒ highest  hash(window_end)",
      "key groups: 8",
    ].join("\n"),
  ]);
});

test("q9 and q19 cross it once, all rows of an auction on one edge: their order is the events' order", async () => {
  assert.deepEqual(await Promise.all(["q9", "q19"].map(planOf)), [
    [
      "events → keyed → columns  [2]",
      "winners → results  [2]",
      "edge 0: events ⇒ winners  hash(key)",
      "key groups: 8",
    ].join("\n"),
    ["events → bids  [2]", "top → results  [2]", "edge 0: events ⇒ top  hash(auction)", "key groups: 8"].join("\n"),
  ]);
});

test("bad parameters are refused by name", async () => {
  const q0 = await factoryOf("q0");
  const good = { watermarkDelayMs: 4_000, mode: "head", identity: true };
  for (const [name, value] of [
    ["watermarkDelayMs", -1],
    ["watermarkDelayMs", "4s"],
    ["mode", "old"],
    ["identity", undefined],
    ["windowMs", 5],
  ] as const) {
    assert.throws(() => q0({ ...good, [name]: value }), {
      code: "job-invalid",
      message: new RegExp(`parameter ${name} `),
    });
  }
});
