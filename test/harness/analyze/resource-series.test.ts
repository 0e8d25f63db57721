import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourceSeries } from "../../../harness/analyze/resource-usage.ts";
import type { RuntimeSample } from "../../../harness/measure/runtime-probe.ts";
import type { ResourceSample } from "../../../harness/sweep/model.ts";

const START_US = 5_000_000;

function sample(second: number, cpuUserMs: number): ResourceSample {
  return { atUs: START_US + second * 1e6, role: "worker-1", pid: 11, cpuUserMs, cpuSystemMs: 0, rssBytes: 100 };
}

function told(second: number, heapUsedBytes: number): RuntimeSample {
  const nothing = { gcPauses: 0, gcPauseUs: 0, gcPauseMaxUs: 0, loopDelaysUs: [] };
  return { atUs: START_US + second * 1e6, role: "worker-1", pid: 11, heapUsedBytes, ...nothing };
}

describe("what roles used second by second", () => {
  it("the heap is told without samples of the kernel, and all else is not told instead of nothing", () => {
    const series = resourceSeries([], [told(0.9, 40), told(1.9, 60)], START_US, 2);
    const nothing = { cpuPercent: null, rssBytes: null, writtenBytes: null, readBytes: null };
    assert.deepEqual(
      [...series],
      [
        [
          "worker",
          [
            { ...nothing, heapBytes: 40 },
            { ...nothing, heapBytes: 60 },
          ],
        ],
      ],
    );
  });

  it("in a second without a sample CPU and memory are not told", () => {
    const series = resourceSeries([sample(0, 0), sample(2, 1_000)], [], START_US, 2).get("worker")!;
    assert.deepEqual(
      series.map(({ cpuPercent, rssBytes }) => [cpuPercent, rssBytes]),
      [
        [50, 100],
        [null, null],
      ],
    );
  });
});
