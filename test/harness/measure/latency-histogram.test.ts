import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { IntervalHistograms } from "../../../harness/measure/interval-histograms.ts";
import { HIGHEST_US, LatencyHistogram, MIN_SAMPLES } from "../../../harness/measure/latency-histogram.ts";

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The definition: the value at rank ceil(p · n). */
function exact(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]!;
}

const latencies = fc.array(
  fc.oneof(fc.integer({ min: -5_000, max: 100 }), fc.integer({ min: 0, max: 2 * HIGHEST_US })),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe("latency histogram", () => {
  it("percentiles are within 3 digits of the exact ones, negative and huge values included", () => {
    fc.assert(
      fc.property(latencies, fc.constantFrom(1, 50, 90, 99, 99.9, 100), (values, percent) => {
        const histogram = histogramOf(values);
        const [got, wanted] = [histogram.percentile(percent)!, exact(values, percent)];
        if (wanted < 0 || wanted > HIGHEST_US) {
          // Counted in a bucket of their own: the exact extreme stands for them.
          assert.ok(wanted < 0 ? got === Math.min(...values) : got === Math.max(...values));
        } else assert.ok(Math.abs(got - wanted) <= Math.max(1, wanted * 0.001), `${got} for ${wanted}`);
        assert.equal(histogram.max, Math.max(...values));
        assert.equal(histogram.count, values.length);
        histogram.destroy();
      }),
    );
  });

  it("an empty histogram has no percentile and no maximum", () => {
    const { p50, p90, p99, p999, max, n } = histogramOf([]).summary();
    assert.deepEqual({ p50, p90, p99, p999, max, n }, { p50: null, p90: null, p99: null, p999: null, max: null, n: 0 });
  });

  for (const [name, least] of Object.entries(MIN_SAMPLES)) {
    it(`${name} is refused below ${least} samples`, () => {
      const key = name as keyof typeof MIN_SAMPLES;
      const values = Array.from({ length: least }, (_, i) => i);
      assert.equal(histogramOf(values.slice(1)).summary()[key], null);
      assert.notEqual(histogramOf(values).summary()[key], null);
    });
  }

  it("merging frozen copies is the same as recording everything in one", () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const merged = new LatencyHistogram();
        for (const part of [a, b, []]) {
          const histogram = histogramOf(part);
          merged.addFrozen(histogram.freeze());
          histogram.destroy();
        }
        const whole = histogramOf([...a, ...b]);
        assert.deepEqual(merged.summary(), whole.summary());
        assert.equal(merged.percentile(73), whole.percentile(73));
        assert.deepEqual([merged.negative, merged.overflow], [whole.negative, whole.overflow]);
        merged.destroy();
        whole.destroy();
      }),
      { numRuns: 50 },
    );
  });

  it("refuses to merge another precision", () => {
    const frozen = { ...histogramOf([1]).freeze(), digits: 5 };
    assert.throws(() => new LatencyHistogram().addFrozen(frozen), /precision/);
  });
});

describe("interval histograms", () => {
  it("more intervals than may be open at once lose nothing, in any order of recording", () => {
    const intervals = new IntervalHistograms();
    const wanted = new Map<number, number[]>();
    for (let i = 0; i < 4_500; i++) {
      // Runs of three, in fifteen passes over all intervals: every pass freezes most of them.
      const index = Math.floor(i / 3) % 150;
      const value = (i * 7919) % 90_000;
      intervals.record(index, value);
      wanted.set(index, [...(wanted.get(index) ?? []), value]);
    }
    intervals.record(3, -5);
    intervals.record(3, HIGHEST_US + 1);
    const finished = intervals.finish(MIN_SAMPLES);
    assert.deepEqual(
      finished.map(({ index }) => index),
      Array.from({ length: 150 }, (_, i) => i),
    );
    for (const { index, count, p50, p99, max, negative, overflow } of finished) {
      const values = wanted.get(index)!;
      const odd = index === 3 ? 1 : 0;
      assert.equal(count, values.length + 2 * odd);
      assert.deepEqual([negative, overflow], [odd, odd]);
      assert.equal(p99, null, "30 values are too few for a p99");
      assert.ok(Math.abs(p50! - exact(values, 50)) <= 90_000 / 500);
      assert.equal(max, odd === 1 ? HIGHEST_US + 1 : Math.max(...values));
    }
  });
});
