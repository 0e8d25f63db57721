import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeCutLogEntry, encodeCutLogEntry } from "../../../engine/replication/cut-entry.ts";
import { CutLog } from "../../../engine/replication/cut-log.ts";
import { HeartbeatAlarm } from "../../../engine/replication/heartbeat-alarm.ts";
import { TickFollower } from "../../../engine/replication/tick-follower.ts";
import { Ticker } from "../../../engine/replication/ticker.ts";
import { ManualTime } from "../task/manual-world.ts";
import { MemoryLog } from "./memory-log.ts";

const ADDRESS = { kind: "memory", brokers: [], topic: "cuts" };
const INTERVAL_US = 1000;

const tick = (heartbeat: number, attempt = 1) => ({ kind: "tick" as const, attempt, heartbeat, checkpointId: null });
const cut = (group: string, heartbeat: number, end: number) => {
  return { kind: "cut" as const, attempt: 1, group, heartbeat, ends: [end], last: false };
};

function follow(log: MemoryLog, time = new ManualTime(), records = 0) {
  const ticks: number[] = [];
  const errors: Error[] = [];
  let asked = 0;
  const world = { ...time, log };
  const follower = new TickFollower(
    { world, cutLog: ADDRESS, attempt: 1, intervalUs: INTERVAL_US, records },
    {
      onTick: ({ heartbeat }) => ticks.push(heartbeat),
      onCut: () => {},
      onDue: () => asked++,
      fail: (e) => errors.push(e),
    },
  );
  follower.start();
  return { follower, ticks, errors, time, asked: () => asked };
}

describe("the cut log", () => {
  it("reads what was written, and nothing else", () => {
    const entries = fc.oneof(
      fc.record({
        kind: fc.constant("tick" as const),
        attempt: fc.nat(),
        heartbeat: fc.nat(),
        checkpointId: fc.option(fc.nat()),
      }),
      fc.record({
        kind: fc.constant("cut" as const),
        attempt: fc.nat(),
        group: fc.string(),
        heartbeat: fc.nat(),
        ends: fc.array(fc.maxSafeNat()),
        last: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(entries, (entry) => assert.deepEqual(decodeCutLogEntry(encodeCutLogEntry(entry)), { ...entry })),
    );
    assert.throws(() => decodeCutLogEntry(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), {
      code: "cluster-protocol",
    });
  });

  it("tells all readers the same: the first of each heartbeat, and of each group and heartbeat, of this attempt", () => {
    const log = new MemoryLog();
    const seen: string[] = [];
    const host = {
      onTick: ({ heartbeat }: { heartbeat: number }) => seen.push(`tick ${heartbeat}`),
      onCut: ({ group, heartbeat, ends }: { group: string; heartbeat: number; ends: readonly number[] }) =>
        seen.push(`${group} ${heartbeat}: ${ends}`),
      onError: (error: Error) => assert.fail(error),
    };
    const reader = new CutLog({ ...new ManualTime(), log }, ADDRESS, 1, host);
    const entries = [tick(1, 2), tick(2), tick(1), tick(1), cut("a", 1, 5), cut("b", 1, 7), cut("a", 1, 9)];
    for (const entry of [...entries, tick(2), cut("a", 2, 6), tick(3), cut("b", 3, 8), cut("b", 2, 9)])
      reader.append(entry);
    log.deliver();
    assert.deepEqual(seen, ["tick 1", "a 1: 5", "b 1: 7", "tick 2", "a 2: 6", "tick 3", "b 3: 8"]);
  });

  it("keeps entries that the log has no room for, in order, up to a bound", () => {
    const log = new MemoryLog();
    log.room = 1;
    const errors: Error[] = [];
    const writer = new CutLog({ ...new ManualTime(), log }, ADDRESS, 1, {
      onTick: () => {},
      onError: (error) => errors.push(error),
    });
    for (let heartbeat = 1; heartbeat <= 3; heartbeat++) writer.append(tick(heartbeat));
    assert.equal(log.values.length, 1);
    log.room = 10;
    log.writers[0]!.onDrain();
    assert.deepEqual(
      log.values.map((bytes) => decodeCutLogEntry(bytes).heartbeat),
      [1, 2, 3],
    );
    log.room = 0;
    for (let heartbeat = 4; heartbeat <= 2000; heartbeat++) writer.append(tick(heartbeat));
    assert.equal(errors.length, 1);
  });
});

describe("ticks", () => {
  it("come from the coordinator when the interval is due, or earlier when asked for, one at a time", () => {
    const log = new MemoryLog();
    const time = new ManualTime();
    const ticker = new Ticker({
      world: { ...time, log },
      cutLog: ADDRESS,
      attempt: 1,
      intervalUs: INTERVAL_US,
      onError: assert.fail,
    });
    time.advance(INTERVAL_US - 1);
    assert.equal(log.values.length, 0);
    ticker.onDue();
    ticker.onDue();
    assert.equal(log.values.length, 1);
    log.deliver();
    time.advance(INTERVAL_US - 1);
    assert.equal(log.values.length, 1);
    time.advance(1);
    assert.equal(log.values.length, 2);
    log.deliver();
    ticker.stop();
    time.advance(10 * INTERVAL_US);
    assert.equal(log.values.length, 2);
  });

  it("wait for the one before to be read, however long the log takes", () => {
    const log = new MemoryLog();
    const { time } = follow(log);
    new Ticker({ world: { ...time, log }, cutLog: ADDRESS, attempt: 1, intervalUs: INTERVAL_US, onError: assert.fail });
    time.advance(100 * INTERVAL_US);
    assert.deepEqual(
      log.values.map((bytes) => decodeCutLogEntry(bytes).heartbeat),
      [1, 1],
    );
    log.deliver();
    time.advance(INTERVAL_US);
    assert.equal(decodeCutLogEntry(log.values.at(-1)!).heartbeat, 2);
  });

  it("come from a source when nobody has made one for two intervals", () => {
    const { time, ticks } = follow(new MemoryLog());
    assert.deepEqual(ticks, []);
    const log = new MemoryLog();
    const source = follow(log, time);
    time.advance(2 * INTERVAL_US - 1);
    assert.equal(log.values.length, 0);
    time.advance(1);
    log.deliver();
    assert.deepEqual(source.ticks, [1]);
    time.advance(INTERVAL_US);
    assert.equal(log.values.length, 1);
    source.follower.close();
    time.advance(10 * INTERVAL_US);
    assert.equal(log.values.length, 1);
  });

  it("are asked for once when a source has read enough since the last one", () => {
    const log = new MemoryLog();
    const { follower, asked } = follow(log, new ManualTime(), 100);
    follower.onRecords(99);
    assert.equal(asked(), 0);
    follower.onRecords(60);
    follower.onRecords(60);
    assert.equal(asked(), 1);
    log.values.push(encodeCutLogEntry(tick(1)));
    log.deliver();
    follower.onRecords(99);
    assert.equal(asked(), 1);
    follower.onRecords(1);
    assert.equal(asked(), 2);
  });
});

describe("the heartbeat alarm", () => {
  it("tells each silence once", () => {
    const time = new ManualTime();
    const told: number[] = [];
    const alarm = new HeartbeatAlarm({ ...time, limitUs: 1000, onSilence: (silentUs) => told.push(silentUs) });
    alarm.start();
    for (let round = 0; round < 5; round++) {
      time.advance(999);
      alarm.onHeartbeat();
    }
    assert.deepEqual(told, []);
    time.advance(5000);
    assert.deepEqual(told, [1000]);
    alarm.onHeartbeat();
    time.advance(1000);
    assert.deepEqual([told.length, alarm.counters().heartbeatAlarms], [2, 2]);
    alarm.onHeartbeat();
    alarm.close();
    time.advance(5000);
    assert.equal(told.length, 2);
  });
});
