import assert from "node:assert/strict";
import { test } from "node:test";
import { lagSlope } from "../../../harness/analyze/lag-slope.ts";
import { judgeThresholds, type ThresholdData } from "../../../harness/analyze/thresholds.ts";
import { exitCodeOf } from "../../../harness/cli/exit-code.ts";
import { parseThreshold, type Threshold } from "../../../harness/config/thresholds.ts";
import type { FaultEffect, FaultResult } from "../../../harness/faults/result.ts";
import { IntervalHistograms } from "../../../harness/measure/interval-histograms.ts";
import { LatencyHistogram, MIN_SAMPLES, NO_LATENCY } from "../../../harness/measure/latency-histogram.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult, VerifySummary } from "../../../harness/sweep/model.ts";

const RIGHT: VerifySummary = {
  expected: 100,
  observed: 100,
  matched: 100,
  lost: 0,
  duplicate: 0,
  wrong: 0,
  unexpected: 0,
  premature: 0,
  outOfOrder: 0,
};

/** 20 s of which the last 15 are measured; `latencyUs` by second of the due time and place in it. */
function data(
  latencyUs: (second: number, nth: number) => number,
  perSecond = 500,
  change: Partial<ThresholdData> = {},
) {
  const latency = new LatencyHistogram();
  const intervals = new IntervalHistograms();
  for (let second = 0; second < 20; second++) {
    for (let nth = 0; nth < perSecond; nth++) {
      intervals.record(second, latencyUs(second, nth));
      if (second >= 5) latency.record(latencyUs(second, nth));
    }
  }
  const finished = intervals.finish(MIN_SAMPLES);
  const made: ThresholdData = {
    latency,
    intervals: finished,
    outputs: Array.from({ length: 20 }, () => perSecond),
    fromSecond: 5,
    toSecond: 20,
    offeredPerSecond: 500,
    achievedInputPerSecond: 499,
    achievedOutputPerSecond: 500,
    lagSlope: lagSlope(finished, 5, 20),
    generatorLagUs: NO_LATENCY,
    observerLagUs: NO_LATENCY,
    verified: RIGHT,
    faults: [],
    endedEarly: false,
    ...change,
  };
  return made;
}

function threshold(text: string, more: Partial<Threshold> = {}): Threshold {
  const parsed = parseThreshold(text);
  assert.ok(parsed.ok);
  return { ...parsed.value, over: null, abort: false, ...more };
}

const judge = (made: ThresholdData, text: string, more: Partial<Threshold> = {}) =>
  judgeThresholds([threshold(text, more)], made)[0]!;

test("of the whole window: held or crossed by the value, which is told in its unit", () => {
  const steady = data((_second, nth) => (nth < 494 ? 2_000 : 40_000));
  assert.equal(judge(steady, "p50 < 3ms").state, "passed");
  const tail = judge(steady, "p99 < 30ms");
  assert.equal(tail.state, "crossed");
  assert.ok(Math.abs(tail.value! - 40) < 0.1);
  assert.equal(judge(steady, "p(95) <= 3ms").state, "passed");
  assert.equal(judge(steady, "max < 40ms").state, "crossed");
  assert.equal(judge(steady, "achieved >= 99.8%").state, "passed");
  assert.equal(judge(steady, "achieved >= 99.9%").state, "crossed");
  assert.equal(judge(steady, "lost == 0").state, "passed");
  assert.equal(judge({ ...steady, verified: { ...RIGHT, lost: 2 } }, "lost == 0").value, 2);
  assert.equal(judge(steady, "outputRate >= 500/s").state, "passed");
});

test("no data never holds: nothing observed, nothing compared, too few for the percentile", () => {
  const nothing = data(() => 1, 0, {
    verified: null,
    achievedInputPerSecond: null,
    achievedOutputPerSecond: null,
    lagSlope: null,
  });
  for (const text of [
    "p99 < 1h",
    "p50 > 0s",
    "max < 1h",
    "lost == 0",
    "achieved >= 0",
    "lagSlope <= 1",
    "outputRate >= 0/s",
  ]) {
    assert.equal(judge(nothing, text).state, "noData", text);
  }
  assert.equal(
    judge(
      data(() => 1, 500, { verified: { ...RIGHT, expected: 0 } }),
      "lost == 0",
    ).state,
    "noData",
  );
  const few = judge(
    data(() => 1_000, 60),
    "p99 < 1s",
  );
  assert.deepEqual([few.state, few.note], ["noData", "900 outputs, 1000 needed"]);
  assert.equal(
    judge(
      data(() => 1_000, 60),
      "p(95) < 1s",
    ).state,
    "passed",
  );
});

test("sliding: one bad stretch crosses, though the whole window holds; warm-up does not count", () => {
  const hiccup = data((second, nth) => (second === 12 && nth < 60 ? 900_000 : second < 5 ? 5_000_000 : 2_000));
  assert.equal(judge(hiccup, "p99 < 100ms").state, "passed");
  const sliding = judge(hiccup, "p99 < 100ms", { over: 5_000 });
  assert.equal(sliding.state, "crossed");
  assert.deepEqual(sliding.window, { fromSecond: 8, toSecond: 13 });
  assert.equal(sliding.note, "5 of 11 windows");
  assert.equal(judge(hiccup, "max < 1s", { over: 1_000 }).state, "passed");
});

test("sliding: a window without outputs, or with too few, is no data", () => {
  const silent = data(() => 2_000);
  const gap = { ...silent, intervals: silent.intervals.filter(({ index }) => index < 10 || index > 12) };
  const result = judge(gap, "max < 1s", { over: 2_000 });
  assert.equal(result.state, "noData");
  assert.deepEqual(result.window, { fromSecond: 10, toSecond: 12 });
  assert.equal(judge(silent, "p99 < 1s", { over: 1_000 }).state, "noData");
});

test("of faults the worst counts; one that was not over by the end crosses any upper bound", () => {
  const fault = (ms: number, censored = false) => ({ effect: { gap: { ms, censored, fromMs: 0 } } }) as FaultResult;
  const with_ = (...faults: FaultResult[]) => data(() => 1, 1, { faults });
  assert.equal(judge(with_(fault(200), fault(900)), "gap < 1s").state, "passed");
  assert.equal(judge(with_(fault(200), fault(1_200)), "gap < 1s").value, 1_200);
  assert.equal(judge(with_(fault(200, true)), "gap < 1s").state, "crossed");
  assert.equal(
    judge(with_(fault(1), { effect: null as FaultEffect | null } as FaultResult), "gap < 1s").state,
    "noData",
  );
  assert.equal(judge(with_(), "gap < 1s").state, "noData");
});

test("of a run that was ended early only the latency that ended it is told", () => {
  const slow = data(() => 900_000, 500, { endedEarly: true });
  assert.equal(judge(slow, "p99 < 100ms", { abort: true }).state, "crossed");
  assert.equal(judge(slow, "p99 < 100ms").state, "notJudged");
  assert.equal(judge(slow, "lost == 0").state, "notJudged");
});

test("the backlog's growth is the slope of the latency, whatever single seconds do", () => {
  const growing = (share: number) => data((second, nth) => 50_000 + second * share * 1e6 + (nth % 50) * 100).lagSlope!;
  for (const share of [0, 0.02, 0.5]) assert.ok(Math.abs(growing(share) - share) < 0.002, String(growing(share)));
  const bumpy = data((second) => (second === 7 || second === 19 ? 5_000_000 : 2_000)).lagSlope!;
  assert.ok(Math.abs(bumpy) < 0.001);
  assert.ok(
    Math.abs(data((second) => 1_000 + second * 100_000, 1).lagSlope! - 0.1) < 0.002,
    "one output a second is enough",
  );
});

test("exit codes: failed, invalid, threshold, in this order; a run that a threshold ended is no failure of another kind", () => {
  const result = (change: Partial<RunResult>): RunResult => ({
    ...failedResult(
      { id: "a-r1", cell: { id: "a", axes: {} }, repetition: 1, order: 0, block: 0 },
      { query: "q0", system: "bundled", events: 1 },
      [],
    ),
    state: "valid",
    ...change,
  });
  const of = (state: "passed" | "crossed" | "noData") =>
    result({ thresholds: [{ text: "p99 < 1s", metric: "p99", unit: "duration", state, value: 1 }] });
  const ended = result({ state: "failed", reasons: [{ code: "threshold-crossed", message: "" }] });
  assert.equal(exitCodeOf([of("passed")]), 0);
  assert.equal(exitCodeOf([of("passed"), of("crossed")]), 6);
  assert.equal(exitCodeOf([of("noData")]), 6);
  assert.equal(exitCodeOf([ended]), 6);
  assert.equal(exitCodeOf([of("crossed"), result({ state: "invalid" })]), 5);
  const broken = result({ state: "failed", reasons: [{ code: "system-failed", message: "" }] });
  assert.equal(exitCodeOf([of("crossed"), ended, broken]), 4);
});
