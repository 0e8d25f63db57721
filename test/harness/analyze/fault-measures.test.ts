import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ExcessLatency } from "../../../harness/analyze/faults/excess-latency.ts";
import { FaultCounters } from "../../../harness/analyze/faults/fault-counters.ts";
import { OutputTimeline } from "../../../harness/analyze/faults/output-timeline.ts";
import { SloIntervals } from "../../../harness/analyze/faults/slo-intervals.ts";

describe("an output timeline", () => {
  const timeline = new OutputTimeline(1_000_000, 2_000_000);
  for (const [dueUs, observedUs] of [
    [1_000_000, 1_000_500],
    [1_000_000, 1_000_700],
    [1_100_000, 1_400_001],
    [1_200_000, 1_450_000],
    [1_500_000, 1_500_001],
  ] as const) {
    timeline.add(dueUs, observedUs);
  }

  it("knows outputs to the µs and the longest time between two", () => {
    assert.equal(timeline.firstAfter(1_000_500), 1_000_700);
    assert.equal(timeline.firstAfter(1_500_001), null);
    assert.equal(timeline.lastUpTo(1_400_000), 1_000_700);
    assert.deepEqual(timeline.longestGap(1_300_000, 1_600_000), { fromUs: 1_000_700, toUs: 1_400_001 });
    assert.deepEqual(timeline.longestGap(1_460_000, 1_600_000), { fromUs: 1_450_000, toUs: 1_500_001 });
    assert.equal(timeline.longestGap(1_550_000, 1_600_000), null);
  });

  it("knows what was overdue and when it was settled", () => {
    assert.equal(timeline.mostOverdue(1_000_000, 1_100_000), 0);
    assert.equal(timeline.mostOverdue(1_000_000, 1_600_000), 2);
    assert.equal(timeline.settledAfter(1_110_000, 1, 110_000, 2_000_000), 1_410_000);
    assert.equal(timeline.settledAfter(1_300_000, 0, 100_000, 1_400_000), null);
    assert.equal(timeline.settledAfter(1_110_000, 1, 110_000, 1_500_000), null, "not held for as long");
    assert.deepEqual(timeline.mostOverduePer(1_000_000, 150_000, 3), [1, 2, 2]);
    assert.equal(timeline.overdueSlope(1_210_000, 1_400_000), 0);
    assert.equal(timeline.overdueSlope(1_210_000, 1_220_000), null, "two points are no slope");
  });
});

it("the excess over a level is exact away from it", () => {
  const excess = new ExcessLatency();
  for (const us of [-5, 0, 100, 900, 5_000, 25_000]) excess.add(us);
  assert.equal(excess.above(1_000), 4_000 + 24_000);
});

describe("the intervals of a bound on the p99", () => {
  const at = (interval: number) => 1_000_000 + interval * 250_000;
  const filled = (known: number | null, late: readonly number[]) => {
    const intervals = new SloIntervals(1_000_000, known);
    late.forEach((above, interval) => {
      for (let i = 0; i < 100; i++) intervals.add(at(interval) + i, i < above ? 9_000 : 1_000);
    });
    return intervals;
  };

  it("are kept with one output of a hundred above it, and not with two", () => {
    for (const known of [5_000, null]) {
      assert.equal(filled(known, [2, 1, 1]).firstStreak(5_000, 2, at(0), at(3)), at(1));
      assert.equal(filled(known, [1, 2, 1]).firstStreak(5_000, 2, at(0), at(3)), null);
    }
  });

  it("must be over before the end, and those without outputs neither count nor break a row", () => {
    assert.equal(filled(5_000, [2, 1, 1]).firstStreak(5_000, 2, at(0), at(3) - 1), null);
    const sparse = filled(5_000, [2, 1]);
    sparse.add(at(4), 1_000);
    assert.equal(sparse.firstStreak(5_000, 2, at(0), at(5)), at(1));
    assert.equal(sparse.firstStreak(5_000, 3, at(0), at(9)), null);
  });

  it("widen a bound that follows from the data to the edge of its bucket, and say so", () => {
    const intervals = filled(null, [0]);
    const bound = intervals.bound(5_000);
    assert.ok(bound >= 5_000 && bound <= 5_101, `${bound}`);
    assert.equal(filled(5_000, []).bound(1), 5_000);
  });
});

it("counts around a fault fall into the 100 ms they belong to, and only whole ones are given", () => {
  const counters = new FaultCounters(10_050_000);
  counters.onOutput(10_049_999, 10_050_000);
  counters.onOutput(10_149_999, 10_150_000);
  counters.onRepeated(10_060_000);
  const backlog: unknown[] = [];
  const finish = () =>
    counters.finish(9_900_000, 10_300_000, (...asked) => {
      backlog.push(asked);
      return [1, 2, 3];
    });
  assert.deepEqual(
    finish().map(({ fromMs, sent, due, came, repeated, backlog }) => [fromMs, sent, due, came, repeated, backlog]),
    [
      [-100, null, 1, 0, 0, 1],
      [0, null, 1, 1, 1, 2],
      [100, null, 0, 1, 0, 3],
    ],
  );
  assert.deepEqual(backlog, [[9_950_000, 100_000, 3]]);
  counters.onSent(10_050_000, 7);
  assert.deepEqual(
    finish().map(({ sent }) => sent),
    [0, 7, 0],
    "not sent is 0 only where the times are known",
  );
});
