import assert from "node:assert/strict";
import { test } from "node:test";
import { Feeder, type FeederOptions, type FeedState } from "../../../generators/feed/feeder.ts";
import { compileSchedule } from "../../../generators/schedule/schedule.ts";
import { CountingDataSet, FakeProducer, VirtualTime } from "./fakes.ts";

const START_US = 1_000_000;
const WALL_MS = 50_000;

function setUp(options: Partial<FeederOptions> & { events: number; partitions?: number; ratePerSecond: number }) {
  const { events, partitions = 1, ratePerSecond, ...rest } = options;
  const time = new VirtualTime();
  const producer = new FakeProducer(time);
  const lags: number[] = [];
  const sent: number[][] = [];
  const feeder = new Feeder({
    dataSet: new CountingDataSet(events, partitions),
    schedule: compileSchedule({ shape: "constant", ratePerSecond }),
    ownedPartitions: Array.from({ length: partitions }, (_, i) => i),
    closing: false,
    producer,
    clock: time.now,
    recordLag: (lagUs) => lags.push(lagUs),
    recordSent: (first, end, sentUs) => sent.push([first, end, sentUs]),
    prerenderBytes: 4096,
    ...rest,
  });
  feeder.start(START_US, WALL_MS);
  time.us = START_US;
  return { time, producer, lags, sent, feeder };
}

/** Sends until nothing more is due. */
function drain(feeder: Feeder): FeedState {
  for (let i = 0; i < 10_000; i++) {
    const outcome = feeder.sendDue();
    if (outcome.state !== "more") return outcome;
  }
  throw new Error("no end");
}

test("nothing is sent before it is due, and the next due time is told, rounded up to the µs", () => {
  const { time, producer, feeder } = setUp({ events: 4, ratePerSecond: 3 });
  time.us = START_US - 1;
  assert.deepEqual(drain(feeder), { state: "idle", nextDueUs: START_US });
  time.us = START_US;
  assert.deepEqual(drain(feeder), { state: "idle", nextDueUs: START_US + 333_334 });
  assert.deepEqual(
    producer.appended.map((record) => record.value),
    ["0"],
  );
  time.us = START_US + 333_333;
  assert.equal(drain(feeder).state, "idle");
  assert.equal(producer.appended.length, 1);
});

test("after a stall everything due goes out at once, each event with its own due time and its own lag", () => {
  const { time, producer, lags, feeder } = setUp({ events: 5000, ratePerSecond: 1000 });
  drain(feeder);
  time.us = START_US + 3_000_500;
  const outcome = drain(feeder);
  assert.deepEqual(outcome, { state: "idle", nextDueUs: START_US + 3_001_000 });
  assert.equal(feeder.sent, 3001);
  assert.equal(feeder.dueEvents(), 3001);
  producer.appended.forEach((record, i) => {
    assert.equal(record.value, String(i));
    assert.equal(record.timestampMs, WALL_MS + i);
  });
  assert.deepEqual(
    lags,
    Array.from({ length: 3001 }, (_, i) => (i === 0 ? 0 : 3_000_500 - i * 1000)),
  );
});

test("a full producer blocks without losing a record, and the wait shows as lag", () => {
  const { time, producer, lags, feeder } = setUp({ events: 100, ratePerSecond: 1000 });
  time.us = START_US + 99_000;
  producer.room = 10;
  assert.equal(drain(feeder).state, "blocked");
  assert.equal(feeder.sendDue().state, "blocked");
  assert.equal(producer.appended.length, 10);
  time.us += 5_000_000;
  producer.room = Number.POSITIVE_INFINITY;
  feeder.drained();
  assert.equal(drain(feeder).state, "finished");
  assert.deepEqual(
    producer.appended.map((record) => record.value),
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  assert.equal(lags[9], 90_000);
  assert.equal(lags[10], 5_089_000);
});

test("feeders with disjoint partitions send the whole data set between them", () => {
  const seen: string[] = [];
  for (const ownedPartitions of [[0, 3], [1], [2]]) {
    const { time, producer, feeder } = setUp({
      events: 4001,
      partitions: 4,
      ratePerSecond: 1000,
      ownedPartitions,
      closing: true,
    });
    time.us = START_US + 10_000_000;
    assert.equal(drain(feeder).state, "finished");
    for (const { partition, value, timestampMs } of producer.appended) {
      assert.ok(ownedPartitions.includes(partition));
      if (value === "closing") continue;
      assert.equal(Number(value) % 4, partition);
      assert.equal(timestampMs, WALL_MS + Number(value));
      seen.push(value);
    }
    const closing = producer.appended.filter((record) => record.value === "closing");
    assert.deepEqual(
      closing.map((record) => record.partition),
      ownedPartitions,
    );
    assert.equal(feeder.closingSent, ownedPartitions.length);
  }
  assert.deepEqual(
    seen.map(Number).sort((a, b) => a - b),
    Array.from({ length: 4001 }, (_, i) => i),
  );
});

test("closing records are due with the last event, come after it, and are no events", () => {
  const { time, producer, lags, feeder } = setUp({
    events: 3,
    partitions: 2,
    ratePerSecond: 1000,
    ownedPartitions: [1],
    closing: true,
  });
  time.us = START_US + 1500;
  assert.deepEqual(drain(feeder), { state: "idle", nextDueUs: START_US + 2000 });
  time.us = START_US + 2000;
  assert.equal(drain(feeder).state, "finished");
  assert.equal(drain(feeder).state, "finished");
  assert.deepEqual(
    producer.appended.map(({ value, partition, timestampMs }) => [value, partition, timestampMs]),
    [
      ["1", 1, WALL_MS + 1],
      ["closing", 1, WALL_MS + 2],
    ],
  );
  assert.deepEqual([feeder.sent, feeder.closingSent, lags.length], [1, 1, 1]);
  assert.deepEqual([feeder.firstDueUs, feeder.lastDueUs], [START_US, START_US + 2000]);
});

test("a schedule that ends before the data set ends the run", () => {
  const schedule = compileSchedule({ shape: "steps", steps: [{ durationMs: 10, ratePerSecond: 1000 }] });
  const { time, feeder } = setUp({ events: 1000, ratePerSecond: 1, schedule });
  time.us = START_US + 60_000_000;
  assert.equal(drain(feeder).state, "finished");
  assert.equal(feeder.sent, 10);
  assert.equal(feeder.dueEvents(), 10);
});

test("events rendered ahead of time are the same, and the ring is bounded", () => {
  const { time, producer, feeder } = setUp({ events: 2000, ratePerSecond: 1000, prerenderBytes: 1024 });
  assert.equal(feeder.prerender(2000), false);
  assert.equal(feeder.sent, 0);
  time.us = START_US + 60_000_000;
  assert.equal(drain(feeder).state, "finished");
  assert.deepEqual(
    producer.appended.map((record) => Number(record.value)),
    Array.from({ length: 2000 }, (_, i) => i),
  );
});

test("every owned event is in exactly one run of send times, with the time it was handed over", () => {
  const { time, sent, feeder } = setUp({ events: 1000, partitions: 4, ratePerSecond: 1000, ownedPartitions: [1, 3] });
  drain(feeder);
  time.us = START_US + 400_000;
  drain(feeder);
  time.us = START_US + 2_000_000;
  assert.equal(drain(feeder).state, "finished");
  let end = 0;
  for (const [first, next, sentUs] of sent) {
    assert.equal(first, end);
    end = next!;
    assert.equal(sentUs, end <= 401 ? START_US + 400_000 : START_US + 2_000_000);
  }
  assert.equal(end, 1000);
});
