import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { TaskWatch } from "../../../harness/sweep/task-watch.ts";

const TASK: TaskCounters = {
  vertex: "counts",
  subtask: 1,
  recordsIn: 5,
  recordsOut: 0,
  bytesOut: 0,
  busyUs: 0,
  blockedUs: 0,
  watermarkMs: null,
  custom: { duplicates: 3, leading: 1, "mergeWaitUs.0": 7, longestStepUs: 9 },
};

const HEADER = {
  version: 1,
  replication: { merge: "kaZoo", factor: 2 },
  vertices: { counts: { instances: 1, replicas: 2 } },
} as const;

test("a look that gets no answer, or an error, is left out, and the next one is taken", async (t) => {
  const rawDirectory = mkdtempSync(join(tmpdir(), "faultline-watch-"));
  t.after(() => rmSync(rawDirectory, { recursive: true, force: true }));
  let nowUs = 0;
  const sleepers: (() => void)[] = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        nowUs += ms * 1000;
        resolve();
      };
      if (signal?.aborted === true) return resolve();
      sleepers.push(wake);
      signal?.addEventListener("abort", () => resolve());
    });
  const answers = [
    () => Promise.resolve([TASK]),
    () => new Promise<never>(() => {}),
    () => Promise.reject(new Error("starting anew")),
    () => Promise.resolve([TASK]),
  ];
  const counters = () => (answers.shift() ?? (() => Promise.resolve([])))();
  const watch = new TaskWatch({
    tools: { monotonicUs: () => nowUs, sleep },
    deployment: { counters },
    rawDirectory,
    intervalMs: 1_000,
    header: HEADER,
  });
  watch.start();
  for (let turn = 0; turn < 2000 && answers.length > 0; turn++) {
    await nextTurn();
    sleepers.pop()?.();
  }
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  await watch.stop();
  await watch.add([TASK]);
  const [header, ...looks] = readFileSync(join(rawDirectory, "tasks.jsonl"), "utf8").trim().split("\n");
  assert.deepEqual(JSON.parse(header!), HEADER);
  assert.equal(looks.length, 3, "two looks and the counters at the end");
  const { tasks } = JSON.parse(looks[0]!) as { tasks: unknown };
  const custom = { duplicates: 3, leading: 1, "mergeWaitUs.0": 7 };
  assert.deepEqual(tasks, [{ ...TASK, custom }], "of the operators' own counters what tells of replicas");
});

test("a system that tells nothing of its tasks leaves no file", async (t) => {
  const rawDirectory = mkdtempSync(join(tmpdir(), "faultline-watch-"));
  t.after(() => rmSync(rawDirectory, { recursive: true, force: true }));
  const sleep = () => Promise.resolve();
  const deployment = { counters: async () => [] };
  const tools = { monotonicUs: () => 0, sleep };
  const watch = new TaskWatch({ tools, deployment, rawDirectory, intervalMs: 1_000, header: HEADER });
  watch.start();
  await watch.stop();
  await watch.add([]);
  assert.deepEqual(readdirSync(rawDirectory), []);
});

test("without an interval nobody asks; the counters at the end are kept", async (t) => {
  const rawDirectory = mkdtempSync(join(tmpdir(), "faultline-watch-"));
  t.after(() => rmSync(rawDirectory, { recursive: true, force: true }));
  const tools = { monotonicUs: () => 0, sleep: () => Promise.resolve() };
  const deployment = { counters: () => assert.fail("asked") };
  const watch = new TaskWatch({ tools, deployment, rawDirectory, intervalMs: 0, header: HEADER });
  watch.start();
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  await watch.stop();
  await watch.add([TASK]);
  assert.equal(readFileSync(join(rawDirectory, "tasks.jsonl"), "utf8").trim().split("\n").length, 2);
});
