import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { type FeedCallbacks, type FeederWorld, runFeeder } from "../../../generators/feed/run.ts";
import { type FeederSpecInput, feederSpecSchema } from "../../../generators/feed/spec.ts";
import { FakeProducer, VirtualTime } from "./fakes.ts";

const START_US = 7_000_000;

const SPEC: FeederSpecInput = {
  brokers: ["127.0.0.1:1"],
  topic: "in",
  partitions: [0, 1],
  dataset: { kind: "nexmark", options: { events: 3000 }, partitions: 2 },
  schedule: { shape: "constant", ratePerSecond: 1000 },
  lagFile: "unused.hlog",
};

function setUp(over: Partial<FeederWorld> = {}) {
  const time = new VirtualTime();
  const producer = new FakeProducer(time);
  const printed: Record<string, unknown>[] = [];
  const calls: string[] = [];
  let log = "";
  let sentBytes = 0;
  let work = () => {};
  let nextReportUs = Number.POSITIVE_INFINITY;
  let intervalUs = 0;
  let callbacks: FeedCallbacks | undefined;
  time.afterWait = () => {
    if (time.us < nextReportUs) return;
    nextReportUs += intervalUs;
    work();
  };
  const world: FeederWorld = {
    timers: time,
    wallClockMs: () => 90_000 + time.us / 1000,
    async connect(_spec, given) {
      callbacks = given;
      return {
        append: (...args) => {
          given.onAck(args[0], 0, 1);
          return producer.append(...args);
        },
        kick() {},
        async flush() {
          calls.push("flush");
        },
        async close() {
          calls.push("close");
        },
      };
    },
    startLine: async () => ({ startUs: START_US }),
    started: () => calls.push("started"),
    every(intervalMs, given) {
      work = given;
      intervalUs = intervalMs * 1000;
      nextReportUs = time.us + intervalUs;
      return () => {
        nextReportUs = Number.POSITIVE_INFINITY;
      };
    },
    print: (line) => printed.push(line),
    logSent: (bytes) => {
      sentBytes += bytes.length;
    },
    log: (text) => {
      log += text;
    },
    stop: new AbortController().signal,
    ...over,
  };
  return {
    time,
    producer,
    printed,
    calls,
    world,
    log: () => log,
    sentBytes: () => sentBytes,
    callbacks: () => callbacks!,
  };
}

test("a whole run: ready, progress at intervals, done after the last acknowledgement", async () => {
  const { producer, printed, calls, world, log } = setUp();
  assert.equal(await runFeeder(feederSpecSchema.parse(SPEC), world), true);
  assert.deepEqual(printed[0], { ready: true });
  assert.deepEqual(calls, ["started", "flush", "close"]);
  const progress = printed.filter((line) => "progress" in line);
  assert.ok(progress.length >= 3, `${progress.length} progress lines`);
  const { done } = printed.at(-1) as { done: Record<string, unknown> };
  assert.equal(done.sent, 3000);
  assert.equal(done.acked, 3000);
  assert.equal(done.closingSent, 2);
  assert.equal(done.interrupted, false);
  assert.deepEqual([done.firstDueUs, done.lastDueUs], [START_US, START_US + 2_999_000]);
  assert.equal((done.lagUs as { n: number }).n, 3000);
  // CreateTime is the due time: the wall clock at the start and the index in ms.
  assert.equal(producer.appended[1234]?.timestampMs, 90_000 + START_US / 1000 + 1234);
  for (const record of producer.appended) assert.equal(typeof JSON.parse(record.value).event_type, "number");
  const counts = log()
    .split("\n")
    .filter((line) => line.startsWith("Tag=generator-lag"));
  assert.equal(counts.length, progress.length);
});

test("a start in the spec is not asked for", async () => {
  const { printed, producer, world } = setUp({ startLine: async () => assert.fail("asked") });
  const spec = feederSpecSchema.parse({ ...SPEC, startUs: START_US, startWallMs: 123_000 });
  await runFeeder(spec, world);
  assert.ok("done" in printed.at(-1)!);
  assert.equal(producer.appended[0]?.timestampMs, 123_000);
});

test("a producer that failed fails the feeder with its own error, and there is no done line", async () => {
  const { time, printed, world, callbacks } = setUp();
  const report = time.afterWait;
  time.afterWait = () => {
    report();
    if (time.us > START_US + 1_000_000) callbacks().onError(new FaultlineError("kafka-timeout", "broker gone"));
  };
  await assert.rejects(runFeeder(feederSpecSchema.parse(SPEC), world), { code: "kafka-timeout" });
  assert.ok(!printed.some((line) => "done" in line));
});

test("asked to stop: what was sent is flushed and told, as interrupted", async () => {
  const stop = new AbortController();
  const { time, printed, calls, world } = setUp({ stop: stop.signal });
  const report = time.afterWait;
  time.afterWait = () => {
    report();
    if (time.us > START_US + 1_000_000) stop.abort();
  };
  assert.equal(await runFeeder(feederSpecSchema.parse(SPEC), world), false);
  const { done } = printed.at(-1) as { done: Record<string, unknown> };
  assert.equal(done.interrupted, true);
  assert.ok(calls.includes("flush"));
  assert.ok((done.sent as number) >= 1000 && (done.sent as number) < 1100);
});

test("asked to stop while the last acknowledgements stay away: it ends in seconds, as interrupted", async () => {
  const stop = new AbortController();
  const { printed, world, time } = setUp({ stop: stop.signal });
  const { connect } = world;
  const stuck: FeederWorld = {
    ...world,
    connect: async (...args) => ({
      ...(await connect(...args)),
      flush: () => {
        queueMicrotask(() => stop.abort());
        return new Promise(() => {});
      },
      close: () => assert.fail("a close would wait for the same acknowledgements"),
    }),
  };
  assert.equal(await runFeeder(feederSpecSchema.parse(SPEC), stuck), false);
  const { done } = printed.at(-1) as { done: Record<string, unknown> };
  assert.deepEqual([done.sent, done.interrupted], [3000, true]);
  assert.ok(time.us < START_US + 10_000_000);
});

test("a producer that is full and fails before anybody waits for it fails the feeder, which does not hang", async () => {
  const { world, callbacks } = setUp();
  const { connect } = world;
  let isFull = false;
  const failing: FeederWorld = {
    ...world,
    connect: async (...args) => ({
      ...(await connect(...args)),
      append: () => {
        isFull = true;
        return false;
      },
      kick: () => {
        if (isFull) callbacks().onError(new FaultlineError("kafka-timeout", "broker gone"));
      },
    }),
  };
  await assert.rejects(runFeeder(feederSpecSchema.parse(SPEC), failing), { code: "kafka-timeout" });
});

test("fewer events than partitions: every partition gets its closing record", async () => {
  const { producer, printed, world } = setUp();
  const dataset = { kind: "nexmark" as const, options: { events: 1 }, partitions: 2 };
  assert.equal(await runFeeder(feederSpecSchema.parse({ ...SPEC, dataset }), world), true);
  const { done } = printed.at(-1) as { done: Record<string, unknown> };
  assert.deepEqual([done.sent, done.acked, done.closingSent], [1, 1, 2]);
  const partitions = producer.appended.slice(1).map(({ partition }) => partition);
  assert.deepEqual(partitions, [0, 1]);
});

for (const ratePerSecond of [0.5, 1, 1_000_000]) {
  test(`at ${ratePerSecond} events a second all are sent on time, to the end`, async () => {
    const { time, producer, printed, world } = setUp();
    const events = Math.min(3000, Math.ceil(ratePerSecond * 20));
    const dataset = { kind: "nexmark" as const, options: { events }, partitions: 2 };
    const schedule = { shape: "constant" as const, ratePerSecond };
    assert.equal(await runFeeder(feederSpecSchema.parse({ ...SPEC, dataset, schedule }), world), true);
    const { done } = printed.at(-1) as { done: Record<string, unknown> };
    const lastDueUs = START_US + Math.floor(((events - 1) * 1e6) / ratePerSecond);
    assert.deepEqual([done.sent, done.lastDueUs], [events, lastDueUs]);
    assert.ok((producer.appended.at(-1)?.atUs ?? 0) - lastDueUs < 60_000);
    assert.ok(time.sleeps <= 2 * events + (time.us - START_US) / 50_000 + 200, `${time.sleeps} sleeps`);
  });
}

test("a schedule too short for the data set is refused before anything is sent", async () => {
  const { printed, world } = setUp();
  const schedule = { shape: "steps" as const, steps: [{ durationMs: 1000, ratePerSecond: 1000 }] };
  await assert.rejects(runFeeder(feederSpecSchema.parse({ ...SPEC, schedule }), world), { code: "config-invalid" });
  assert.deepEqual(printed, []);
});

test("owned partitions are different ones of the data set", () => {
  for (const partitions of [[0, 2], [1, 1], []]) {
    assert.equal(feederSpecSchema.safeParse({ ...SPEC, partitions }).success, false, String(partitions));
  }
  assert.equal(feederSpecSchema.safeParse({ ...SPEC, partitions: [1] }).success, true);
});
