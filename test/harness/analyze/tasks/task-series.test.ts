import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { operatorLoads, taskSteps } from "../../../../harness/analyze/tasks/task-series.ts";
import { taskSeriesCsv } from "../../../../harness/report/task-table.ts";
import type { TaskLook } from "../../../../harness/sweep/task-watch.ts";

const START_US = 10_000_000;

type Counted = Partial<TaskLook["tasks"][number]>;

/** One look so many seconds after the first due time. */
function look(seconds: number, ...tasks: readonly (readonly [vertex: string, subtask: number, counted: Counted])[]) {
  const nothing = { recordsIn: 0, recordsOut: 0, bytesOut: 0, busyUs: 0, blockedUs: 0, watermarkMs: null, custom: {} };
  return {
    atUs: START_US + seconds * 1e6,
    tasks: tasks.map(([vertex, subtask, counted]) => ({ vertex, subtask, ...nothing, ...counted })),
  };
}

const stepsOf = (...looks: readonly TaskLook[]) =>
  taskSteps({ header: { version: 1, replication: null, vertices: {} }, looks }, START_US);

describe("what tasks did", () => {
  const early: Counted = { recordsIn: 100, recordsOut: 90, bytesOut: 1_000, busyUs: 10_000, watermarkMs: 5_000 };
  const late: Counted = {
    recordsIn: 2_100,
    recordsOut: 1_090,
    bytesOut: 9_000,
    busyUs: 510_000,
    blockedUs: 400_000,
    watermarkMs: 7_000,
  };

  it("is told by the difference of two looks, over the time between them", () => {
    const [step, ...rest] = stepsOf(look(1, ["counts", 0, early]), look(3, ["counts", 0, late]));
    assert.equal(rest.length, 0);
    const { atMs, recordsInPerSecond, recordsOutPerSecond, bytesOutPerSecond, busyShare, blockedShare } = step!;
    assert.deepEqual([atMs, recordsInPerSecond, recordsOutPerSecond, bytesOutPerSecond], [3_000, 1_000, 500, 4_000]);
    assert.deepEqual([busyShare, blockedShare], [0.25, 0.2]);
    const [header, line] = taskSeriesCsv([step!]).trimEnd().split("\n");
    assert.match(header!, /busy_ms_per_second,back_pressured_ms_per_second,idle_ms_per_second/);
    assert.match(line!, /,3000,counts,0,1000,500,4000,250,200,550,7000,0$/);
  });

  it("is not told over the time in which a task started anew", () => {
    const steps = stepsOf(look(1, ["counts", 0, late]), look(2, ["counts", 0, early]), look(3, ["counts", 0, late]));
    assert.deepEqual(
      steps.map(({ atMs }) => atMs),
      [3_000],
    );
  });

  it("a watermark is held against the newest of the same look", () => {
    const [first, second] = stepsOf(
      look(1, ["source", 0, early], ["counts", 0, early]),
      look(2, ["source", 0, late], ["counts", 0, { ...late, watermarkMs: 6_400 }]),
    );
    assert.deepEqual([first?.watermarkLagMs, second?.watermarkLagMs], [0, 600]);
    const [none] = stepsOf(look(1, ["sink", 0, {}]), look(2, ["sink", 0, {}]));
    assert.deepEqual([none?.watermarkMs, none?.watermarkLagMs], [null, null]);
  });
});

describe("the load of operators in the measured window", () => {
  const window = { fromUs: START_US + 1e6, toUs: START_US + 3e6, seconds: 2, firstEvent: 0, endEvent: 0 };

  it("adds the rates of their tasks and names the busiest of them", () => {
    const at = (seconds: number, one: number, other: number) =>
      look(
        seconds,
        ["counts", 0, { recordsIn: 1_000 * one, busyUs: 300_000 * one }],
        ["counts", 1, { recordsIn: 1_000 * other, busyUs: 800_000 * other, blockedUs: 50_000 * other }],
      );
    const steps = stepsOf(at(0, 0, 0), at(1, 9, 9), at(2, 10, 10), at(3, 12, 10.5), at(4, 99, 99));
    assert.deepEqual(operatorLoads(steps, window), [
      {
        vertex: "counts",
        tasks: 2,
        recordsInPerSecond: 2_250,
        recordsOutPerSecond: 0,
        busyShare: 0.6, // task 1: 0.8 and 0.4; task 0: 0.3 and 0.6
        blockedShare: 0.0375,
      },
    ]);
    assert.deepEqual(operatorLoads(steps, null), []);
  });
});
