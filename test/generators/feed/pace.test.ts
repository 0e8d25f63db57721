import assert from "node:assert/strict";
import { test } from "node:test";
import { Feeder } from "../../../generators/feed/feeder.ts";
import { pace } from "../../../generators/feed/pace.ts";
import { compileSchedule } from "../../../generators/schedule/schedule.ts";
import { CountingDataSet, FakeProducer, VirtualTime } from "./fakes.ts";

const TICK_US = 500;

function setUp(events: number, ratePerSecond: number) {
  const time = new VirtualTime();
  const producer = new FakeProducer(time);
  const lags: number[] = [];
  const feeder = new Feeder({
    dataSet: new CountingDataSet(events),
    schedule: compileSchedule({ shape: "constant", ratePerSecond }),
    ownedPartitions: [0],
    closing: true,
    producer,
    clock: time.now,
    recordLag: (lagUs) => lags.push(lagUs),
    recordSent: () => {},
    prerenderBytes: 65_536,
  });
  feeder.start(0, 0);
  let kicks = 0;
  const run = (over: { stopped?: () => boolean; waitForDrain?: () => Promise<void> } = {}) =>
    pace({
      feeder,
      timers: time,
      kick: () => {
        kicks++;
      },
      waitForDrain: async () => assert.fail("not blocked"),
      stopped: () => false,
      tickUs: TICK_US,
      ...over,
    });
  return { time, producer, lags, feeder, run, kicks: () => kicks };
}

test("at a low rate every event goes out when it is due, with one sleep an event and no busy waiting", async () => {
  const { time, lags, run } = setUp(50, 50);
  assert.equal(await run(), true);
  assert.deepEqual(lags, new Array(50).fill(0));
  assert.ok(time.sleeps <= 60, `${time.sleeps} sleeps`);
});

test("at a high rate events go out in ticks: none waits longer than one tick", async () => {
  const { time, lags, run, kicks } = setUp(20_000, 100_000);
  assert.equal(await run(), true);
  assert.equal(lags.length, 20_000);
  assert.ok(Math.max(...lags) <= TICK_US);
  assert.ok(time.sleeps <= 200_000 / TICK_US + 5, `${time.sleeps} sleeps`);
  assert.ok(kicks() >= 200_000 / TICK_US - 5, "what was appended is sent every tick");
});

test("sleeps that end late delay no later event: the schedule does not slip", async () => {
  const { time, lags, run } = setUp(1000, 1000);
  time.lateUs = 3_700;
  assert.equal(await run(), true);
  assert.ok(Math.max(...lags) <= 3_700 + TICK_US);
  assert.ok(time.us < 999_000 + 2 * 3_700 + 2 * TICK_US);
});

test("a full producer is waited for, and then the rest follows", async () => {
  const { time, producer, lags, run } = setUp(1000, 1000);
  producer.room = 100;
  let drains = 0;
  const waitForDrain = async () => {
    drains++;
    time.us += 300_000;
    producer.room = Number.POSITIVE_INFINITY;
  };
  assert.equal(await run({ waitForDrain }), true);
  assert.equal(drains, 1);
  assert.equal(producer.appended.length, 1001);
  assert.equal(lags[100], 299_000);
});

test("a request to stop is seen within 50 ms even when nothing is due for long", async () => {
  const { time, feeder, run } = setUp(10, 0.1);
  let stopped = false;
  time.afterWait = () => {
    stopped ||= time.us >= 100_000;
  };
  assert.equal(await run({ stopped: () => stopped }), false);
  assert.ok(time.us <= 160_000);
  assert.equal(feeder.sent, 1);
});
