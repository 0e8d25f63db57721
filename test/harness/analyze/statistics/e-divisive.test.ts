import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import { CHANGE_POINTS, changePoints } from "../../../../harness/analyze/statistics/e-divisive.ts";
import { normalQuantile } from "../../../../harness/analyze/statistics/normal.ts";

/** `length` nights of about 2 ms with so much noise (log-normal); from `at` on everything takes `times` as long. */
function nights(random: Random, length: number, noise: number, at = length, times = 1): number[] {
  return Array.from({ length }, (_, i) => {
    const unit = Math.min(0.9999, Math.max(0.0001, random.unit()));
    return 2_000 * Math.exp(noise * normalQuantile(unit)) * (i < at ? 1 : times);
  });
}

describe("change points", () => {
  it("finds a planted step where it is, and how large it is", () => {
    let near = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const found = changePoints(nights(new Random(seed), 40, 0.04, 25, 1.15));
      const [point] = found;
      if (found.length === 1 && Math.abs(point!.index - 25) <= 1 && Math.abs(point!.change - 0.15) < 0.05) near++;
    }
    assert.ok(near >= 38, `${near} of 40`);
  });

  it("finds two steps of which one hides the other", () => {
    const random = new Random(3);
    const series = [...nights(random, 16, 0.03), ...nights(random, 12, 0.03, 0, 1.25), ...nights(random, 16, 0.03)];
    assert.deepEqual(
      changePoints(series).map(({ index }) => index),
      [16, 28],
    );
    const bump = [...nights(random, 10, 0.03), ...nights(random, 10, 0.03, 0, 1.3), ...nights(random, 10, 0.03)];
    assert.deepEqual(
      changePoints(bump).map(({ index }) => index),
      [10, 20],
    );
  });

  it("says nothing of equal nights, of few, and of none: false alarms are counted", () => {
    for (const [length, noise] of [
      [12, 0.1],
      [50, 0.05],
      [50, 0.15],
    ] as const) {
      let alarms = 0;
      for (let seed = 1; seed <= 200; seed++) {
        if (changePoints(nights(new Random(seed), length, noise)).length > 0) alarms++;
      }
      // Both levels are tests of the best split, so the strict one is the chance of any.
      assert.ok(alarms <= 4, `${alarms} of 200 at ${length} nights and noise ${noise}`);
    }
    for (const short of [[], [1], [1, 2], [1, 1, 1, 2, 2]]) assert.deepEqual(changePoints(short), []);
    assert.deepEqual(changePoints(new Array(40).fill(7)), []);
  });

  it("leaves out what is too small to matter, however sure", () => {
    const series = nights(new Random(5), 50, 0.002, 25, 1.03);
    assert.deepEqual(changePoints(series), []);
    assert.equal(changePoints(series, { ...CHANGE_POINTS, leastChange: 0.01 }).length, 1);
  });

  it("looks at the latest nights only, and counts from the first", () => {
    const series = nights(new Random(6), 120, 0.03, 100, 1.3);
    assert.deepEqual(
      changePoints(series).map(({ index }) => index),
      [100],
    );
    assert.deepEqual(changePoints(nights(new Random(6), 120, 0.03, 40, 1.3)), []);
  });

  it("says the same again", () => {
    const series = nights(new Random(8), 50, 0.1, 30, 1.2);
    assert.deepEqual(changePoints(series), changePoints(series));
  });
});
