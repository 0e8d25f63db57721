import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../../base/random.ts";
import { bootstrapPairs, bootstrapShift } from "../../../../harness/analyze/statistics/bootstrap.ts";
import { shiftBetween, shiftOfPairs } from "../../../../harness/analyze/statistics/hodges-lehmann.ts";
import { median, quantileOfSorted } from "../../../../harness/analyze/statistics/median.ts";
import { normalCdf, normalQuantile } from "../../../../harness/analyze/statistics/normal.ts";
import { studentCdf, studentQuantile } from "../../../../harness/analyze/statistics/student-t.ts";
import { R_PAIRED_X, R_PAIRED_Y, R_X, R_Y } from "./published.ts";

const near = (actual: number, expected: number, within = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

describe("distributions", () => {
  it("the normal one has the values of scipy.stats.norm", () => {
    const cdf = [
      [-7, 1.279812543885835e-12],
      [-3, 0.0013498980316300933],
      [-1.5, 0.06680720126885807],
      [-0.1, 0.460172162722971],
      [0, 0.5],
      [1, 0.8413447460685429],
      [2.5, 0.9937903346742238],
      [5, 0.9999997133484281],
    ] as const;
    for (const [x, p] of cdf) near(normalCdf(x), p, 1e-14);
    near(normalQuantile(0.025), -1.9599639845400545);
    near(normalQuantile(0.8), 0.8416212335729143);
    near(normalQuantile(0.999), 3.090232306167813);
  });

  it("Student's t has the quantiles of scipy.stats.t", () => {
    near(studentQuantile(0.975, 1), 12.706204736174694);
    near(studentQuantile(0.975, 4), 2.7764451051977934);
    near(studentQuantile(0.995, 8), 3.355387331333395);
    near(studentQuantile(0.9, 30), 1.3104150253913955);
    near(studentQuantile(0.999, 2), 22.327124770119866);
    near(studentQuantile(0.99944, 18), 3.8707900725071864, 1e-10);
    near(studentCdf(0, 5), 0.5);
  });
});

describe("medians and shifts", () => {
  it("are those of numpy and R", () => {
    assert.equal(median([]), null);
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    near(quantileOfSorted(Float64Array.of(1, 4, 9, 16, 25), 0.3), 5);
    near(shiftBetween(R_X, R_Y), -0.305); // R, ?wilcox.test with conf.int: 0.305 the other way round
    near(shiftOfPairs(R_PAIRED_Y.map((y, i) => y - R_PAIRED_X[i]!)), -0.46);
  });

  it("move with what is added, turn with the sides, and stand an outlier", () => {
    const side = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: -50, max: 50 }), (a, b, by) => {
        near(
          shiftBetween(
            a,
            b.map((x) => x + by),
          ),
          shiftBetween(a, b) + by,
        );
        near(shiftBetween(b, a), -shiftBetween(a, b));
        near(shiftOfPairs(a.map((x) => x + by)), shiftOfPairs(a) + by);
      }),
    );
    assert.equal(shiftBetween([1, 2, 3, 4, 5], [2, 3, 4, 5, 1e9]), 1);
  });
});

/** Normal values, by the sum of uniform ones. */
function normals(n: number, random: Random): number[] {
  return Array.from({ length: n }, () => Array.from({ length: 12 }, () => random.unit()).reduce((x, y) => x + y, -6));
}

describe("bootstrap intervals", () => {
  it("are the same with the same seed, and others with another", () => {
    const [a, b] = [normals(8, new Random(1)), normals(8, new Random(2))];
    const of = (seed: number) => bootstrapShift(a, b, { random: new Random(seed), resamples: 500 });
    assert.deepEqual(of(3), of(3));
    assert.notDeepEqual(of(3), of(4));
  });

  it("hold the truth as often as they say, also with 5 values a side", () => {
    const random = new Random(11);
    const trials = 400;
    const held = { apart: 0, pairs: 0 };
    for (let i = 0; i < trials; i++) {
      const options = { random, resamples: 300 };
      const apart = bootstrapShift(normals(5, random), normals(5, random), options);
      const pairs = bootstrapPairs(normals(6, random), options);
      if (apart.low <= 0 && apart.high >= 0) held.apart++;
      if (pairs.low <= 0 && pairs.high >= 0) held.pairs++;
    }
    // The plain percentile interval holds 90 % and 86 % here.
    assert.ok(held.apart >= 0.92 * trials, `apart: ${held.apart} of ${trials}`);
    assert.ok(held.pairs >= 0.92 * trials, `pairs: ${held.pairs} of ${trials}`);
  });

  it("have the standard error of theory: about σ √(2/n) for a shift", () => {
    const random = new Random(5);
    const errors = Array.from({ length: 30 }, () => {
      return bootstrapShift(normals(20, random), normals(20, random), { random, resamples: 300 }).error;
    });
    near(median(errors)!, Math.sqrt(2 / 20), 0.05);
  });

  it("of one value a side are that value's", () => {
    const { low, high, error } = bootstrapShift([1], [4], { random: new Random(1), resamples: 10 });
    assert.deepEqual([low, high, error], [3, 3, 0]);
  });
});
