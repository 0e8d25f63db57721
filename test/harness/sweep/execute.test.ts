import assert from "node:assert/strict";
import { test } from "node:test";
import { executeRun } from "../../../harness/sweep/execute.ts";
import type { ReasonCode, RunRecord } from "../../../harness/sweep/model.ts";
import { planRuns } from "../../../harness/sweep/plan.ts";
import type { RunContext } from "../../../harness/sweep/run-context.ts";
import type { Toolbox } from "../../../harness/sweep/toolbox.ts";
import { type FakeWorld, type Fault, fakeWorld, recordingEvents, SUMMARY, smallSweep } from "./fakes.ts";

/** Runs one cell in a fake world; afterwards only the services of the sweep may run. */
async function execute(
  world: Pick<FakeWorld, "toolbox" | "running">,
  signal = new AbortController().signal,
  sweep = smallSweep(),
): Promise<RunRecord> {
  const { toolbox, running } = world;
  const { cell, config } = sweep.cells[0]!;
  const run = planRuns([cell], 1, 1)[0]!;
  const events = recordingEvents();
  const guard = await toolbox.startGuard();
  const options = { brokers: [], heapBytes: 1, logFile: "", guard, signal, onProgress() {} };
  const kafka = await toolbox.startKafka(options);
  const directories = { raw: "raw", logs: "logs" };
  const context: RunContext = { run, config, sweepId: "s", directories, kafka, zookeeper: null, guard, signal, events };
  const { record, deleteTopics } = await executeRun(context, toolbox);
  assert.deepEqual(
    [...running].filter((what) => !what.startsWith("topic")).toSorted(),
    ["guard", "kafka"],
    "nothing of the run is left behind",
  );
  assert.deepEqual(await deleteTopics(), []);
  assert.deepEqual([...running].toSorted(), ["guard", "kafka"], "its topics are deleted");
  return record;
}

test("what the broker made of the topics is read back", async () => {
  const world = fakeWorld();
  const differing = ({ readBack = [] }: RunRecord) => readBack.filter(({ asked, found }) => asked !== found);
  const asAsked = await execute(world);
  assert.equal(asAsked.readBack?.length, 6, "partitions, kind of time and cleanup of input and output");
  assert.deepEqual(differing(asAsked), []);
  world.topicConfig = { "message.timestamp.type": "CreateTime" };
  const setting = "s.q0-rate-1000-r1.out: message.timestamp.type";
  assert.deepEqual(differing(await execute(world)), [{ setting, asked: "LogAppendTime", found: "CreateTime" }]);
});

test("what of a run is watched is the config's to say", async () => {
  const watched = async (settings: string) => {
    const told: unknown[] = [];
    const { toolbox, running } = fakeWorld();
    const watching: Toolbox = {
      ...toolbox,
      startSampler: (start) => {
        told.push(start.intervalMs, start.runtime);
        return toolbox.startSampler(start);
      },
      spawner: (directories, guard) => {
        told.push(directories.raw);
        return toolbox.spawner(directories, guard);
      },
    };
    await execute({ toolbox: watching, running }, undefined, smallSweep(`query: q0\n${settings}`));
    return told;
  };
  assert.deepEqual(await watched(""), [250, true, "raw"]);
  const none = "sampling: {resources: 0s, runtime: false, tasks: 0s}";
  assert.deepEqual(await watched(none), [0, false, null]);
});

test("a run goes through its phases in order and stops what it started in reverse", async () => {
  const world = fakeWorld();
  const record = await execute(world);
  assert.deepEqual(record.problems, []);
  assert.deepEqual(record.feeder, SUMMARY);
  assert.deepEqual(
    record.phases.map((phase) => phase.name),
    ["topics", "observer", "deploy", "feeder", "feed", "drain", "observe", "stop"],
  );
  assert.deepEqual(world.calls, [
    "start guard",
    "start kafka",
    "create s.q0-rate-1000-r1.in CreateTime",
    "create s.q0-rate-1000-r1.out LogAppendTime",
    "start sampler",
    "start observer",
    "start system",
    "start feeder",
    "drained",
    "observed to 1,2,3,4",
    "stop feeder",
    "stop system",
    "stop observer",
    "stop sampler",
    "delete s.q0-rate-1000-r1.out",
    "delete s.q0-rate-1000-r1.in",
  ]);
  assert.equal(record.events, 20_000);
  assert.ok(record.processes.some(({ role, niceness }) => role === "feeder" && niceness === -5));
  assert.ok(record.processes.some(({ role, pid }) => role === "worker-1" && pid === 20));
});

const FAILURES: readonly (readonly [Fault, ReasonCode])[] = [
  ["create-topic", "kafka-failed"],
  ["observer", "observer-failed"],
  ["deploy", "system-failed"],
  ["feeder", "feeder-failed"],
  ["feed", "feeder-failed"],
  ["drain", "drain-timeout"],
  ["end-offsets", "observer-failed"],
  ["observe", "observer-failed"],
  ["system-dies", "system-failed"],
  ["observer-dies", "observer-failed"],
  ["kafka-dies", "kafka-failed"],
  ["stop-system", "internal"],
];

for (const [fault, reason] of FAILURES) {
  test(`a failure at "${fault}" fails the run with ${reason} and stops everything`, async () => {
    const world = fakeWorld();
    world.breakAt(fault);
    const record = await execute(world);
    assert.deepEqual(
      record.problems.map((problem) => problem.code),
      [reason],
    );
    assert.match(record.problems[0]?.message ?? "", new RegExp(`broken: ${fault}`));
  });
}

test("what the feeder has measured is kept when a later phase fails", async () => {
  const world = fakeWorld();
  world.breakAt("drain");
  assert.deepEqual((await execute(world)).feeder, SUMMARY);
});

test("an interruption in the middle of feeding stops everything", async () => {
  const world = fakeWorld();
  const abort = new AbortController();
  world.onFeed = () => {
    abort.abort();
    return new Promise(() => {});
  };
  const record = await execute(world, abort.signal);
  assert.deepEqual(
    record.problems.map((problem) => problem.code),
    ["interrupted"],
  );
});

test("something that was still starting when the run was interrupted is stopped too", async () => {
  const world = fakeWorld();
  const abort = new AbortController();
  const { startObserver, sleep } = world.toolbox;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  Object.assign(world.toolbox, {
    startObserver: async (options: Parameters<typeof startObserver>[0]) => {
      abort.abort();
      await held;
      return startObserver(options);
    },
    // The first thing that is limited in time is the stopping: only then the start ends.
    sleep: (...limit: Parameters<typeof sleep>) => {
      release();
      return sleep(...limit);
    },
  });
  const record = await execute(world, abort.signal);
  assert.equal(record.problems[0]?.code, "interrupted");
  assert.ok(world.calls.includes("stop observer"));
});

test("a phase that never ends is ended; a feeder that is never done makes the run invalid, not the system wrong", async () => {
  const stuck = new Promise<never>(() => {});
  const cases: readonly (readonly [ReasonCode, (world: FakeWorld) => void])[] = [
    ["generator-saturated", (world) => Object.assign(world, { onFeed: () => stuck })],
    ["observer-failed", (world) => Object.assign(world.toolbox, { startObserver: () => stuck })],
    ["system-failed", (world) => Object.assign(world.toolbox, { system: () => stuck })],
  ];
  for (const [reason, hold] of cases) {
    const world = fakeWorld();
    hold(world);
    // Every limit is over after some turns of the event loop: longer than any fake takes.
    world.toolbox.sleep = async (_ms, signal) => {
      for (let turn = 0; turn < 50 && signal?.aborted !== true; turn++) await new Promise(setImmediate);
    };
    const record = await execute(world);
    assert.equal(record.problems[0]?.code, reason);
    assert.match(record.problems[0]?.message ?? "", /(the phase "(feed|observer)"|planning the job) took longer than/);
  }
});

test("when the broker dies and the observer notices first, the broker is named first", async () => {
  const world = fakeWorld();
  let die: (error: Error) => void = () => {};
  const { startKafka, startFeeder } = world.toolbox;
  world.toolbox.startKafka = async (options) => ({
    ...(await startKafka(options)),
    failed: new Promise((resolve) => {
      die = resolve;
    }),
  });
  world.toolbox.startFeeder = async (options) => {
    const feeder = await startFeeder(options);
    // Its death shows while the rest is being stopped.
    const stop = async () => {
      die(new Error("the broker has ended"));
      await feeder.stop();
    };
    return { ...feeder, stop };
  };
  world.breakAt("feed");
  const record = await execute(world);
  assert.deepEqual(
    record.problems.map(({ code }) => code),
    ["kafka-failed", "feeder-failed"],
  );
});
