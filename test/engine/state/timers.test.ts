import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { keyGroupOfBytes, keyGroupRange } from "../../../engine/rows/key-groups.ts";
import { Timers } from "../../../engine/state/timers.ts";

const GROUPS = 8;
const bytesOf = (key: string) => Buffer.from(key, "latin1");
const groupOf = (key: string) => keyGroupOfBytes(bytesOf(key), 0, key.length, GROUPS);

type Fired = [number, number, string];

function set(timers: Timers, timeMs: number, key: string): void {
  timers.set(timeMs, groupOf(key), bytesOf(key), 0, key.length);
}

function cancel(timers: Timers, timeMs: number, key: string): boolean {
  return timers.cancel(timeMs, groupOf(key), bytesOf(key), 0, key.length);
}

function fire(timers: Timers, watermarkMs: number): Fired[] {
  const fired: Fired[] = [];
  timers.fire(watermarkMs, (timeMs, group, bytes, start, end) => {
    fired.push([timeMs, group, Buffer.from(bytes.subarray(start, end)).toString("latin1")]);
  });
  return fired;
}

/** The order that all instances and runs must agree on. */
function compareTimers([at, ag, ak]: Fired, [bt, bg, bk]: Fired): number {
  return at - bt || ag - bg || Buffer.compare(bytesOf(ak), bytesOf(bk));
}

const timeMs = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -1e12, max: 2e12 }));
const key = fc.oneof(
  fc.constantFrom("", "a", "ab", "b"),
  fc.string({ unit: "binary-ascii", maxLength: 100, size: "max" }),
);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), timeMs, key }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), timeMs, key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fire" as const), timeMs, key }) },
  ),
  { maxLength: 200, size: "max" },
);

test("each timer fires once, in the order (time, key group, key bytes), whatever was set and cancelled before", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const timers = new Timers(keyGroupRange(0, 1, GROUPS));
      let model: Fired[] = [];
      for (const step of list) {
        const timer: Fired = [step.timeMs, groupOf(step.key), step.key];
        const others = model.filter((other) => compareTimers(other, timer) !== 0);
        if (step.kind === "set") {
          set(timers, step.timeMs, step.key);
          model = [...others, timer];
        } else if (step.kind === "cancel") {
          assert.equal(cancel(timers, step.timeMs, step.key), others.length < model.length);
          model = others;
        } else {
          const due = model.filter(([time]) => time <= step.timeMs).sort(compareTimers);
          assert.deepEqual(fire(timers, step.timeMs), due);
          model = model.filter(([time]) => time > step.timeMs);
        }
        assert.equal(timers.size, model.length);
      }
      assert.deepEqual(fire(timers, Number.POSITIVE_INFINITY), model.sort(compareTimers));
    }),
    { numRuns: 100 },
  );
});

test("timers move to any other parallelism", () => {
  const timer = fc.record({ timeMs, key });
  const parallelism = fc.integer({ min: 1, max: GROUPS });
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 60 }), parallelism, parallelism, (list, p, q) => {
      const before = Array.from({ length: p }, (_, i) => new Timers(keyGroupRange(i, p, GROUPS)));
      const all = new Timers(keyGroupRange(0, 1, GROUPS));
      for (const { timeMs, key } of list) {
        set(before[Math.floor((groupOf(key) * p) / GROUPS)]!, timeMs, key);
        set(all, timeMs, key);
      }
      const snapshots = before.map((timers) => {
        const writer = new SnapshotWriter();
        timers.snapshot(writer);
        return writer.finish();
      });
      const after = Array.from({ length: q }, (_, i) => new Timers(keyGroupRange(i, q, GROUPS)));
      for (const timers of after) for (const snapshot of snapshots) timers.restore(new SnapshotReader(snapshot));
      const fired = after.flatMap((timers) => fire(timers, Number.POSITIVE_INFINITY));
      assert.deepEqual(fired.sort(compareTimers), fire(all, Number.POSITIVE_INFINITY));
    }),
    { numRuns: 50 },
  );
});

test("a timer set by a firing timer fires in the same run when it is due", () => {
  const timers = new Timers(keyGroupRange(0, 1, GROUPS));
  set(timers, 10, "a");
  const fired: string[] = [];
  timers.fire(12, (timeMs, _group, bytes, start, end) => {
    const key = Buffer.from(bytes.subarray(start, end)).toString("latin1");
    set(timers, timeMs + 1, `${key}-and-a-longer-key-that-needs-another-scratch-buffer-than-the-first-one-had`);
    fired.push(`${timeMs} ${Buffer.from(bytes.subarray(start, end)).toString("latin1").length}`);
  });
  assert.deepEqual(fired, ["10 1", "11 75", "12 149"]);
  assert.equal(timers.size, 1);
});
