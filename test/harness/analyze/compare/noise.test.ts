import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import { noiseOf, recommendedRepetitions } from "../../../../harness/analyze/compare/noise.ts";
import { campaignWith, recordedRuns, resultOf } from "./recorded.ts";

const OPTIONS = { effect: 0.15, power: 0.95, level: 0.05, margin: 0.05, seed: 1 };

/** Differences of a normal distribution with this standard deviation. */
function differences(sigma: number): number[] {
  const random = new Random(3);
  return Array.from({ length: 60 }, () => {
    return sigma * Array.from({ length: 12 }, () => random.unit()).reduce((x, y) => x + y, -6);
  });
}

describe("recommended repetitions", () => {
  it("grow with the noise, and shrink with the effect", () => {
    const of = (sigma: number, effect = 0.15) => recommendedRepetitions(differences(sigma), { ...OPTIONS, effect });
    assert.equal(of(0.01), 6, "the least that a signed-rank test can use");
    // By the normal formula: ((1.96 + 1.64) 0.15 / 0.14)² = 15, a few more for the ranks.
    assert.ok([16, 20].includes(of(0.15)!), String(of(0.15)));
    assert.ok(of(0.1)! < of(0.2)!);
    assert.ok(of(0.15, 0.3)! < of(0.15)!);
    assert.equal(of(1), null);
  });

  it("do not exist for an effect that does not matter, nor from one difference", () => {
    assert.equal(recommendedRepetitions(differences(0.1), { ...OPTIONS, effect: 0.05 }), null);
    assert.equal(recommendedRepetitions([0.1], OPTIONS), null);
  });

  it("are more where more gates share the level", () => {
    const of = (level: number) => recommendedRepetitions(differences(0.15), { ...OPTIONS, level })!;
    assert.ok(of(0.05 / 9) > of(0.05));
  });
});

describe("the noise of recorded campaigns", () => {
  const campaigns = [...Map.groupBy(recordedRuns(), ({ campaign }) => campaign).values()].map((runs) =>
    campaignWith(runs.map((run, i) => resultOf(run, i))),
  );
  const options = { ...OPTIONS, gates: null };

  it("tells spread within and between, what can be found, and how many are needed", () => {
    const rows = noiseOf(campaigns, options);
    const [p50, p90] = rows;
    assert.deepEqual([p50!.metric.name, p50!.gate, p90!.metric.name, p90!.gate], ["p50", true, "p90", false]);
    assert.equal(p50!.runs, recordedRuns().length);
    assert.ok(p50!.spread > 0.02 && p50!.spread < 0.2);
    assert.ok(p50!.between! > 0.5, "a busy hour and a calm one");
    assert.ok(p50!.minimumDetectable! > p50!.metric.margin);
  });

  it("has nothing between one campaign, and no row without three runs", () => {
    assert.equal(noiseOf([campaigns[0]!], options)[0]!.between, null);
    const two = campaignWith(campaigns[0]!.results.slice(0, 2));
    assert.deepEqual(noiseOf([two], options), []);
  });
});
