import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import { randomContents } from "./contents.ts";
import { DEFECTS } from "./planted.ts";
import type { Planted } from "./replica.ts";
import { type Deeds, KaZooWorld, NO_DEEDS } from "./world.ts";

const RUNS = 3_000;
/** A planted defect must show within so many runs. */
const CANARY_RUNS = 1_000;

function run(
  seed: number,
  planted: Planted = {},
  flags = true,
): { readonly problem: string | null; readonly deeds: Deeds } {
  const random = new Random(seed);
  const contents = randomContents(random, 1 + random.below(4), flags);
  const world = new KaZooWorld(random, contents, 2 + random.below(3), planted);
  return { problem: world.run(), deeds: world.deeds };
}

describe("KaZoo in an adversary's hands", () => {
  it("delivers everything once and alike on all replicas, whoever dies, is deposed or writes late", () => {
    const sum: Deeds = { ...NO_DEEDS };
    for (let seed = 0; seed < RUNS; seed++) {
      const { problem, deeds } = run(seed);
      assert.equal(problem, null, `seed ${seed}: ${problem}`);
      for (const deed of Object.keys(sum) as (keyof Deeds)[]) sum[deed] += deeds[deed];
    }
    for (const [deed, count] of Object.entries(sum)) assert.ok(count >= 20, `${deed} only ${count} times`);
  });

  for (const { name, plant, withoutFlags } of DEFECTS) {
    it(`catches a planted defect: ${name}`, () => {
      const flags = withoutFlags !== true;
      let seed = 0;
      while (run(seed, plant(), flags).problem === null) assert.ok(++seed < CANARY_RUNS, `not in ${CANARY_RUNS} runs`);
      assert.equal(run(seed, {}, flags).problem, null, "without it, the same run is right");
    });
  }
});
