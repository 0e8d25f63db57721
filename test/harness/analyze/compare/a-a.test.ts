import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import { compareSides, type Row } from "../../../../harness/analyze/compare/comparison.ts";
import { METRICS } from "../../../../harness/analyze/compare/metrics.ts";
import { recommendedRepetitions } from "../../../../harness/analyze/compare/noise.ts";
import { type RecordedRun, recordedRuns, resultOf, sideWith, tossedPairs } from "./recorded.ts";

// What it would cost a user if this failed: alarms about nothing, or a slow-down that nobody hears of.

const EFFECT = 0.15;
const OPTIONS = { gates: null, seed: 1, resamples: 200, level: 0.05 };
const runs = recordedRuns();
const campaigns = [...Map.groupBy(runs, ({ campaign }) => campaign).values()];

function gatesOf(a: readonly RecordedRun[], b: readonly RecordedRun[], paired: boolean, slower = 0): readonly Row[] {
  const sides = [a.map((run, i) => resultOf(run, i)), b.map((run, i) => resultOf(run, i, slower))] as const;
  const { rows } = compareSides(sideWith(sides[0]), sideWith(sides[1]), { ...OPTIONS, paired });
  return rows.filter(({ gate }) => gate);
}

const isChange = ({ verdict }: Row) => verdict === "worse" || verdict === "better";

/** `trials` comparisons of so many recorded blocks, drawn with their two runs; which of them is A is tossed every time. */
function drawn(blocks: number, trials: number, slower: number): (readonly Row[])[] {
  const random = new Random(7);
  const pairs = tossedPairs(runs, random);
  return Array.from({ length: trials }, () => {
    const chosen = Array.from({ length: blocks }, () => {
      const [one, other] = pairs[random.below(pairs.length)]!;
      return random.below(2) === 0 ? [one, other] : [other, one];
    });
    return gatesOf(
      chosen.map(([one]) => one!),
      chosen.map(([, other]) => other!),
      true,
      slower,
    );
  });
}

describe("equal against equal, with runs recorded on a busy machine", () => {
  it("has runs enough to say something", () => {
    assert.ok(runs.length >= 30 && campaigns.length >= 3, `${runs.length} runs of ${campaigns.length} campaigns`);
    assert.ok(tossedPairs(runs, new Random(1)).length >= 24);
  });

  for (const blocks of [8, 12]) {
    it(`gives at most 5 % false alarms with ${blocks} blocks, over all gates together`, () => {
      const trials = drawn(blocks, 400, 0);
      const alarms = trials.filter((rows) => rows.some(isChange)).length;
      assert.ok(alarms <= 0.05 * trials.length, `${alarms} of ${trials.length}`);
    });
  }

  it("finds a planted slow-down of 15 % in 95 % with the recommended repetitions, metric by metric", () => {
    const pairs = tossedPairs(runs, new Random(1));
    for (const name of ["p50", "cpu"] as const) {
      const { margin } = METRICS.find((metric) => metric.name === name)!;
      const differences = pairs.map(([one, other]) => Math.log(other[name] / one[name]));
      // Three gates share the level.
      const blocks = recommendedRepetitions(differences, {
        effect: EFFECT,
        power: 0.95,
        level: 0.05 / 3,
        margin,
        seed: 1,
      });
      assert.ok(blocks !== null, name);
      const trials = drawn(blocks, 100, EFFECT);
      const found = trials.filter((rows) =>
        rows.some(({ metric, verdict }) => metric.name === name && verdict === "worse"),
      );
      assert.ok(found.length >= 95, `${name}: ${found.length} of 100 with ${blocks} blocks`);
    }
  });

  it("calls a slow-down of 15 % no equality", () => {
    for (const blocks of [8, 16]) {
      const trials = drawn(blocks, 150, EFFECT);
      const same = trials.filter((rows) => rows.some(({ verdict }) => verdict === "same" || verdict === "better"));
      assert.ok(same.length <= 0.05 * trials.length, `${same.length} of ${trials.length} with ${blocks} blocks`);
    }
  });

  it("finds it less often with fewer", () => {
    const found = (blocks: number) =>
      drawn(blocks, 100, EFFECT).filter((rows) => rows.some(({ verdict }) => verdict === "worse")).length;
    assert.equal(found(6), 0, "6 blocks cannot reach the level with three gates");
    assert.ok(found(8) < 95);
  });

  it("calls no two campaigns different that ran one after the other, whatever the machine did meanwhile", () => {
    const whole = campaigns.filter((campaign) => campaign.length >= 8);
    const pairs = whole.flatMap((a) => whole.filter((b) => b !== a).map((b) => [a, b] as const));
    const alarms = pairs.filter(([a, b]) => gatesOf(a, b, false).some(isChange));
    assert.ok(pairs.length >= 30);
    assert.ok(alarms.length <= 0.05 * pairs.length, `${alarms.length} of ${pairs.length}`);
    // Without the canaries, 26 of the 42.
    const deaf = pairs.filter(([a, b]) => {
      const without = (side: readonly RecordedRun[]) =>
        side.map((run) => ({ ...run, lagP50: 0, lagP99: 0, feederCpu: 0 }));
      return gatesOf(without(a), without(b), false).some(isChange);
    });
    assert.ok(deaf.length > 0.3 * pairs.length, `${deaf.length} of ${pairs.length}`);
  });
});
