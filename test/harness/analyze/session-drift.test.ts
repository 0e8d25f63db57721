import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import { sessionDrift } from "../../../harness/analyze/session-drift.ts";
import { mannKendall } from "../../../harness/analyze/statistics/mann-kendall.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";

/** Runs of two cells, one of which is ten times as slow, in random blocks; `factor` of the order. */
function campaign(blocks: number, factor: (order: number) => number, state: RunResult["state"] = "valid") {
  const random = new Random(5);
  const runs: RunResult[] = [];
  for (let block = 0; block < blocks; block++) {
    for (const cell of random.shuffled(["fast", "slow"])) {
      const order = runs.length;
      const p50 = (cell === "fast" ? 2_000 : 20_000) * factor(order) * (0.98 + 0.04 * random.unit());
      const run = { id: `${cell}-r${block + 1}`, cell: { id: cell, axes: {} }, repetition: block + 1, order, block };
      runs.push({ run, state, latencyUs: { p50 } } as RunResult);
    }
  }
  return runs;
}

describe("the run-order diagnostic", () => {
  it("finds a drift of 20 % over the session, whatever the cells are like", () => {
    const drift = sessionDrift(campaign(10, (order) => 1 + (0.2 * order) / 19))!;
    assert.equal(drift.runs, 20);
    assert.ok(drift.p < 0.001, `p ${drift.p}`);
    assert.ok(Math.abs(drift.change - 0.2) < 0.04, `${drift.change}`);
  });

  it("finds a machine that gets faster", () => {
    assert.ok(sessionDrift(campaign(8, (order) => 0.97 ** order))!.change < -0.25);
  });

  it("says nothing of few runs, of cells that ran once, of runs that are not valid", () => {
    assert.equal(sessionDrift(campaign(3, () => 1)), null);
    assert.equal(sessionDrift(campaign(10, () => 1, "invalid")), null);
    const once = campaign(10, () => 1).map((result, i) => ({
      ...result,
      run: { ...result.run, cell: { id: `cell-${i}`, axes: {} } },
    }));
    assert.equal(sessionDrift(once), null);
  });

  it("alarms by chance as often as it says: 5 % of the time at p < 0.05", (t) => {
    const random = new Random(17);
    const rounds = 2_000;
    let alarms = 0;
    for (let round = 0; round < rounds; round++) {
      if (mannKendall(Array.from({ length: 12 }, () => random.unit()))!.p < 0.05) alarms++;
    }
    t.diagnostic(`${alarms} of ${rounds}`);
    assert.ok(alarms < 0.06 * rounds && alarms > 0.02 * rounds);
  });

  it("is the published statistic, with ties", () => {
    // By hand: S = 9; ties of 2 and 2: variance (7·6·19 − 2·(2·1·9)) / 18 = 42.33; z = 8 / 6.506 = 1.2296; p = 0.2189.
    const { p, slope } = mannKendall([1, 2, 2, 3, 3, 5, 1.5])!;
    assert.ok(Math.abs(p - 0.2189) < 1e-4, `${p}`);
    assert.ok(slope > 0);
    assert.deepEqual(mannKendall([4, 4, 4, 4]), { slope: 0, p: 1 });
    assert.equal(mannKendall([1, 2]), null);
  });
});
