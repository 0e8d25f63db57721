import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { holmAdjusted } from "../../../../harness/analyze/statistics/holm.ts";
import { leastRankSumP, rankSumTest } from "../../../../harness/analyze/statistics/rank-sum.ts";
import { leastSignedRankP, signedRankTest } from "../../../../harness/analyze/statistics/signed-rank.ts";
import { DIFFERENCES, NORMAL_A, NORMAL_B, R_PAIRED_X, R_PAIRED_Y, R_X, R_Y } from "./published.ts";

const near = (actual: number, expected: number, within = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

describe("the U test", () => {
  it("has the p values that scipy and R document", () => {
    near(rankSumTest([19, 22, 16, 29, 24], [20, 11, 17, 12]).p, 0.1111111111111111); // scipy.stats.mannwhitneyu
    near(rankSumTest(R_X, R_Y).p, 2 * 0.1272061272061272); // R, ?wilcox.test: one-sided 0.1272
  });

  it("is exact with ties, as a permutation of all splits is, and corrected where it is not exact", () => {
    assert.deepEqual(rankSumTest([1, 2, 2, 3, 5], [2, 3, 3, 4, 6, 6]), { p: 0.17316017316017315, exact: true });
    const many = rankSumTest(NORMAL_A, NORMAL_B);
    assert.equal(many.exact, false);
    near(many.p, 0.07374689782377862); // scipy, asymptotic with continuity correction
  });

  it("cannot reach 0.05 with 3 and 3, and says so", () => {
    for (const [n, p] of [
      [3, 0.1],
      [4, 2 / 70],
      [5, 2 / 252],
    ] as const) {
      near(leastRankSumP(n, n), p);
      const low = Array.from({ length: n }, (_, i) => i);
      near(
        rankSumTest(
          low,
          low.map((value) => value + 100),
        ).p,
        p,
      );
    }
    assert.deepEqual(rankSumTest([], [1]), { p: 1, exact: true });
  });

  it("depends on order only, is symmetric, and sees nothing in equal values", () => {
    const side = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(side, side, (a, b) => {
        const { p } = rankSumTest(a, b);
        near(rankSumTest(b, a).p, p);
        near(rankSumTest(a.map(Math.exp), b.map(Math.exp)).p, p);
        near(
          rankSumTest(
            a.map((x) => -x),
            b.map((x) => -x),
          ).p,
          p,
        );
        assert.ok(p > 0 && p <= 1);
        assert.equal(
          rankSumTest(
            a.map(() => 7),
            b.map(() => 7),
          ).p,
          1,
        );
      }),
    );
  });
});

describe("the signed-rank test", () => {
  it("has the p values that scipy and R document", () => {
    const differences = R_PAIRED_Y.map((y, i) => y - R_PAIRED_X[i]!);
    near(signedRankTest(differences).p, 2 * 0.01953125); // R, ?wilcox.test: one-sided 0.01953
    near(signedRankTest([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]).p, 0.041259765625); // scipy
  });

  it("is exact with ties, and corrected where it is not exact", () => {
    near(signedRankTest([1, 1, -2, 2, 3, -1, 4, 4, -3, 5]).p, 0.16796875);
    const many = signedRankTest(DIFFERENCES);
    assert.equal(many.exact, false);
    near(many.p, 0.0766701712157558);
  });

  it("needs 6 pairs for 0.05, and knows nothing of differences of 0", () => {
    near(signedRankTest([1, 2, 3, 4, 5]).p, leastSignedRankP(5));
    assert.ok(leastSignedRankP(5) > 0.05 && leastSignedRankP(6) < 0.05);
    assert.equal(signedRankTest([0, 0]).p, 1);
    near(signedRankTest([1, 2, 0, 3]).p, signedRankTest([1, 2, 3]).p);
  });

  it("is symmetric", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 12 }), (values) => {
        near(signedRankTest(values.map((value) => -value)).p, signedRankTest(values).p);
      }),
    );
  });
});

describe("Holm's adjustment", () => {
  it("is that of R's p.adjust", () => {
    // p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm"); worked by hand: 0.05, 0.08, then never below.
    holmAdjusted([0.01, 0.02, 0.03, 0.04, 0.05]).forEach((p, i) => {
      near(p, [0.05, 0.08, 0.09, 0.09, 0.09][i]!);
    });
    holmAdjusted([0.04, 0.001, 0.5]).forEach((p, i) => {
      near(p, [0.08, 0.003, 0.5][i]!);
    });
  });

  it("never makes one smaller, keeps the order, and leaves one alone as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (ps) => {
        const adjusted = holmAdjusted(ps);
        for (let i = 0; i < ps.length; i++) {
          assert.ok(adjusted[i]! >= ps[i]! && adjusted[i]! <= 1);
          for (let j = 0; j < ps.length; j++) if (ps[i]! < ps[j]!) assert.ok(adjusted[i]! <= adjusted[j]!);
        }
      }),
    );
    assert.deepEqual(holmAdjusted([0.3]), [0.3]);
  });
});
