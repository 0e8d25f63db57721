import assert from "node:assert/strict";
import { test } from "node:test";
import { describePlan, planJob } from "../../../engine/dataflow/planner.ts";
import { drawPassive } from "../../../harness/simulate/draw-passive.ts";
import { drawRun } from "../../../harness/simulate/draw-run.ts";
import { runSeed } from "../../../harness/simulate/run-seed.ts";
import pipelineJob from "../../../queries/microbench/pipelines/job.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";
import { LOST } from "./fixtures/dropping-job.ts";
import { compared, engineRows, expectedRows, rowsOfEvents, type Shape } from "./run.ts";

const COMMON = { watermarkDelayMs: 0, mode: "microbench", identity: true };
const SHAPES: readonly Shape[] = [
  { parallelism: 1, workers: 1, partitions: 1, batchSize: 1000, stages: 1 },
  { parallelism: 2, workers: 2, partitions: 4, batchSize: 7, stages: 3 },
  { parallelism: 4, workers: 3, partitions: 3, batchSize: 1, stages: 2 },
];
const KEYED = queryIds("microbench").filter((id) => id.startsWith("keyed"));
const INPUT = { events: 600, keys: 40, rate: 500, rate2: 200, rate3: 20, payloadBytes: 10 };

function planOf(parameters: object): string[] {
  const plan = planJob(pipelineJob({ ...COMMON, ...parameters }), { parallelism: 2, keyGroups: 8 });
  return describePlan(plan).split("\n");
}

test("plain stages are tasks of their own, fed in turn; source and sink have one instance", () => {
  assert.deepEqual(planOf({ sources: 1, keyed: false, stages: 2 }), [
    "events  [1]",
    "stage1  [2]",
    "stage2  [2]",
    "results  [1]",
    "edge 0: events ⇒ stage1  roundRobin",
    "edge 1: stage1 ⇒ stage2  roundRobin",
    "edge 2: stage2 ⇒ results  roundRobin",
    "key groups: 8",
  ]);
});

test("several sources meet in the first stage; rows go to keyed stages by key", () => {
  assert.deepEqual(planOf({ sources: 3, keyed: true, stages: 1 }), [
    "events  [1]",
    "second  [1]",
    "third  [1]",
    "stage1  [2]",
    "results  [1]",
    "edge 0: events ⇒ stage1  hash(key)",
    "edge 1: second ⇒ stage1  hash(key)",
    "edge 2: third ⇒ stage1  hash(key)",
    "edge 3: stage1 ⇒ results  roundRobin",
    "key groups: 8",
  ]);
});

test("a bad parameter is named", () => {
  const right = { ...COMMON, sources: 1, keyed: false, stages: 1 };
  for (const [name, value] of Object.entries({ sources: 4, stages: 0, keyed: "yes", watermarkDelayMs: -1, other: 1 })) {
    const message = new RegExp(`parameter ${name} is`);
    assert.throws(() => pipelineJob({ ...right, [name]: value }), { code: "job-invalid", message });
  }
});

for (const id of queryIds("microbench")) {
  for (const shape of SHAPES) {
    test(`${id}, P ${shape.parallelism}, ${shape.stages} stages, ${shape.partitions} partitions: exactly the oracle's rows`, async () => {
      const query = findQuery(id);
      const expected = expectedRows(query, INPUT);
      assert.ok(expected.length >= 600 && (query.streams!.length === 1 || expected.length > 700));
      const rows = await engineRows(query, INPUT, shape);
      const text = (values: (typeof rows)[number]) => compared(query, values);
      assert.deepEqual(rows.map(text).sort(), expected.map(({ values }) => text(values)).sort());
    });
  }

  test(`${id} in simulated clusters, also such that fail and recover: the oracle's rows`, async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const passive = drawPassive(findQuery(id), seed, { guarantee: null, faults: null });
      for (const run of [drawRun(findQuery(id), seed), passive]) {
        assert.equal(run.data.generator, "microbench");
        assert.equal((await runSeed(run)).problem, null, `seed ${seed}, ${run.protection.kind}`);
      }
    }
  });
}

test("the event itself is the trigger of its row", () => {
  for (const id of queryIds("microbench")) {
    const rows = expectedRows(findQuery(id), INPUT);
    assert.deepEqual(
      rows.map(({ lastInput }) => lastInput),
      rows.map((_, i) => i),
    );
  }
});

test("a record that is lost, doubled or out of order changes other rows of its key", () => {
  const event = (sequence: number, key = 1) => ({ source: 1, sequence, key, createdAt: 0, payload: "" });
  const right = [event(0), event(1, 2), event(2), event(3)];
  const wrong = {
    lost: [event(0), event(1, 2), event(3)],
    doubled: [event(0), event(0), event(1, 2), event(2), event(3)],
    swapped: [event(2), event(1, 2), event(0), event(3)],
  };
  for (const id of KEYED) {
    const query = findQuery(id);
    const rowsOf = (events: typeof right) =>
      rowsOfEvents(query, () => events).map(({ values }) => compared(query, values));
    const expected = rowsOf(right);
    const strange = (events: typeof right) => rowsOf(events).filter((row) => !expected.includes(row)).length;
    assert.deepEqual([strange(wrong.lost), strange(wrong.doubled), strange(wrong.swapped)], [1, 3, 2], id);
  }
});

test("stages that do not count alike say so in every later row of the key", async () => {
  const query = { ...findQuery("keyedChain"), job: new URL("./fixtures/dropping-job.ts", import.meta.url) };
  const rows = await engineRows(query, { events: 300, keys: 5 }, { ...SHAPES[1]!, stages: 2 });
  const [sequence, key, disagreements] = ["sequence", "key", "disagreements"].map((name) => {
    return query.columns.findIndex((column) => column.name === name);
  }) as [number, number, number];
  const expected = expectedRows(query, { events: 300, keys: 5 }).map(({ values }) => values);
  const lost = expected.find((values) => values[sequence] === LOST)!;
  assert.equal(rows.length, 299);
  const later = (values: (typeof rows)[number]) => values[key] === lost[key] && Number(values[sequence]) > LOST;
  assert.ok(rows.filter(later).length > 20);
  for (const values of rows) assert.equal(values[disagreements], later(values) ? 1 : 0, JSON.stringify(values));
});
