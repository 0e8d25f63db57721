import assert from "node:assert/strict";
import { test } from "node:test";
import { HistogramLogReader } from "hdr-histogram-js";
import { LagRecorder } from "../../../generators/feed/lag.ts";

test("percentiles of an interval and of the whole are those of the recorded lags; the log can be read back", () => {
  let log = "";
  const lag = new LagRecorder((text) => {
    log += text;
  }, 1_500_000_000_000);
  for (let us = 1; us <= 1000; us++) lag.record(us);
  const first = lag.closeInterval(0, 1);
  assert.deepEqual(first, { p50: 500, p99: 990, p999: 999, max: 1000, n: 1000 });
  for (let i = 0; i < 1000; i++) lag.record(200_000);
  const second = lag.closeInterval(1, 2);
  assert.equal(second.n, 1000);
  assert.ok(Math.abs(second.p50 - 200_000) <= 200, "three digits");
  assert.deepEqual(lag.closeInterval(2, 3).n, 0);
  const total = lag.total();
  assert.equal(total.n, 2000);
  assert.equal(total.p50, 1000);
  assert.equal(total.max, 200_000);

  assert.match(log, /^#\[Histogram log format version 1\.3\]\n/);
  assert.equal(log.split("\n").filter((line) => line.startsWith("Tag=generator-lag,")).length, 3);
  const reader = new HistogramLogReader(log);
  const histograms = [reader.nextIntervalHistogram(), reader.nextIntervalHistogram(), reader.nextIntervalHistogram()];
  assert.deepEqual(
    histograms.map((histogram) => histogram?.totalCount),
    [1000, 1000, 0],
  );
  assert.equal(histograms[0]?.getValueAtPercentile(50), 500);
  assert.equal(histograms[0]?.tag, "generator-lag");
});

test("lags at the limits are counted: 0, the border of the direct counters, above one hour", () => {
  const lag = new LagRecorder(() => {}, 0);
  for (const us of [0, 32_767, 32_768, 3_600_000_000, 3_600_000_001]) lag.record(us);
  assert.equal(lag.closeInterval(0, 1).n, 4);
  assert.equal(lag.overflow, 1);
  assert.equal(lag.total().max, 3_600_000_001);
});
