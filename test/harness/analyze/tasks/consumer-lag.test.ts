import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SentTimes } from "../../../../harness/analyze/sent-times.ts";
import { consumerLag } from "../../../../harness/analyze/tasks/consumer-lag.ts";
import type { TaskLook } from "../../../../harness/sweep/task-watch.ts";

const START_US = 10_000_000;

/** Half a second into this second of the run; what each source task had read by then. Another operator reads more. */
function look(second: number, reads: Readonly<Record<number, number>>): TaskLook {
  const nothing = { recordsOut: 0, bytesOut: 0, busyUs: 0, blockedUs: 0, watermarkMs: null, custom: {} };
  const sources = Object.entries(reads).map(([subtask, recordsIn]) => ({ subtask: Number(subtask), recordsIn }));
  const tasks = sources.map((source) => ({ vertex: "events", ...source, ...nothing }));
  const other = { vertex: "counts", subtask: 0, recordsIn: 9_999, ...nothing };
  return { atUs: START_US + (second + 0.5) * 1e6, tasks: [...tasks, other] };
}

/** 100 events at the beginning of every second, told in no order. */
const SENT: SentTimes = {
  sentUs: () => assert.fail("not needed"),
  forEach: (visit) => {
    for (const second of [3, 0, 2, 1]) visit(second * 100, second * 100 + 100, START_US + second * 1e6);
  },
};

function lagsOf(
  looks: readonly TaskLook[],
  replicas = 1,
  restartUs = Number.POSITIVE_INFINITY,
): readonly (number | null)[] {
  const vertices = replicas === 1 ? {} : { events: { instances: 2, replicas } };
  const log = { header: { version: 1, replication: null, vertices } as const, looks };
  return consumerLag(log, "events", SENT, { startUs: START_US, seconds: 5, restartUs });
}

describe("lag of the consumers", () => {
  it("is what was sent less what all source tasks have taken in, at the last look of a second", () => {
    const later: TaskLook = { ...look(1, { 0: 90, 1: 60 }), atUs: START_US + 1.9e6 };
    assert.deepEqual(
      lagsOf([look(0, { 0: 40, 1: 50 }), look(1, { 0: 60, 1: 60 }), later, look(4, { 0: 202, 1: 202 })]),
      [10, 50, null, null, 0],
      "closing records are read, too",
    );
  });

  it("is not known where a source task does not answer", () => {
    assert.deepEqual(lagsOf([look(0, { 0: 40, 1: 50 }), look(1, { 0: 60 }), look(2, {})]), [
      10,
      null,
      null,
      null,
      null,
    ]);
    assert.deepEqual(lagsOf([]), [null, null, null, null, null]);
  });

  it("is not known from when on a source has started anew", () => {
    const looks = [look(0, { 0: 40, 1: 50 }), look(1, { 0: 90, 1: 10 }), look(2, { 0: 120, 1: 100 })];
    assert.deepEqual(lagsOf(looks), [10, null, null, null, null]);
  });

  it("is not known from when on the job has started anew, however much it has read since", () => {
    const looks = [look(0, { 0: 40, 1: 50 }), look(3, { 0: 90, 1: 80 })];
    assert.deepEqual(lagsOf(looks), [10, null, null, 230, null]);
    assert.deepEqual(lagsOf(looks, 1, START_US + 1e6), [10, null, null, null, null]);
  });

  it("of a source's replicas the one furthest on counts, and one that is lost is not missed", () => {
    const looks = [look(0, { 0: 40, 1: 45, 2: 50, 3: 20 }), look(1, { 0: 80, 2: 70, 3: 71 })];
    assert.deepEqual(lagsOf(looks, 2).slice(0, 2), [5, 49]);
  });
});
