import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { runCampaign } from "../../../harness/simulate/campaign.ts";
import { missingCoverage } from "../../../harness/simulate/coverage.ts";
import { drawPassive } from "../../../harness/simulate/draw-passive.ts";
import { FAULT_STATE_NAMES } from "../../../harness/simulate/fault-states.ts";
import { failureText } from "../../../harness/simulate/report.ts";
import { drawMode, type RunMode } from "../../../harness/simulate/run-mode.ts";
import { runSeed } from "../../../harness/simulate/run-seed.ts";
import { campaignHash, emptyTally } from "../../../harness/simulate/tally.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";

const SEEDS = 2_000;
const MODE: RunMode = { kind: "passive", guarantee: null, faults: null };

test(`jobs under faults keep their guarantee, end, and met every state, under ${SEEDS} seeds`, {
  timeout: 900_000,
}, async (context) => {
  const settings = { forMs: Number.POSITIVE_INFINITY, clockUs: monotonicUs, threads: 2 };
  const { tally } = await runCampaign({ ...settings, mode: MODE, queries: queryIds(), from: 1, seeds: SEEDS });
  assert.deepEqual(tally.failed, []);
  assert.equal(tally.passive, SEEDS);
  assert.deepEqual(await missingCoverage(queryIds().map(findQuery), tally, MODE), []);
  const states = FAULT_STATE_NAMES.map((name) => `${name} ${tally.runsWith[name]}`).join(", ");
  context.diagnostic(`runs with ${states}; traces ${campaignHash(tally)}`);
});

test("a seed of any mode repeats itself exactly, and in another order", async () => {
  const runs = [5, 6, 7, 8, 9, 12].map((seed) => drawMode({ kind: "all" }, "q5", seed));
  assert.deepEqual(new Set(runs.map(({ protection }) => protection.kind)), new Set(["none", "replicated", "passive"]));
  const first = await Promise.all(runs.map((run) => runSeed(run)));
  for (const [index, run] of [...runs.entries()].reverse()) {
    const again = await runSeed(run);
    assert.deepEqual([again.problem, again.traceHash], [null, first[index]!.traceHash]);
  }
});

test("a failed seed prints the command that runs it again in its mode", async () => {
  const mode: RunMode = { kind: "passive", guarantee: "exactly-once", faults: ["kill", "store"] };
  const run = drawMode(mode, "q7", 11);
  const text = failureText(run, { ...(await runSeed(run)), problem: "1 rows lost" }, mode);
  const settings = "--set recovery=passive --set guarantee=exactly-once --fault kill --fault store";
  assert.ok(text.includes(`replay: ./bench simulate --job q7 --from 11 --seeds 1 ${settings} --trace`), text);
  assert.match(text, /"faults":\[/);
});

test("too few effects of faults and a state that was never met fail a campaign", async () => {
  const tally = emptyTally();
  for (const name of Object.keys(tally.runsWith)) tally.runsWith[name] = 390;
  tally.runsWith.struckCommit = 0;
  tally.queries.q5 = { runs: 500, withRows: 500 };
  const missing = (mode: RunMode) => missingCoverage([findQuery("q5")], tally, mode);
  tally.passive = 499;
  assert.deepEqual(await missing(MODE), []);
  tally.passive = 500;
  assert.deepEqual(await missing(MODE), ["struckCommit", "an effect of faults in 78 % of the runs, not 80 %"]);
  assert.deepEqual(await missing({ ...MODE, faults: ["kill"] }), []);
});

test("only the kinds of faults that are asked for are drawn", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { protection } = drawPassive(findQuery("q5"), seed, { guarantee: "at-least-once", faults: ["broker"] });
    assert.ok(protection.kind === "passive" && protection.guarantee === "at-least-once");
    assert.deepEqual([...new Set(protection.faults.map(({ kind }) => kind))], ["broker"]);
    const none = drawPassive(findQuery("q5"), seed, { guarantee: null, faults: [] });
    assert.ok(none.protection.kind === "passive" && none.protection.faults.length === 0);
  }
});

test("a job that has stopped with a savepoint is not told to finish: the one that goes on from there is another", async () => {
  let resumed = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const run = drawPassive(findQuery("chain"), seed, { guarantee: "exactly-once", faults: [] });
    assert.ok(run.protection.kind === "passive");
    const savepoint = { delayUs: 1_000, stop: true };
    // At different times of what the other one does.
    const protection = { ...run.protection, savepoint, drainAfterUs: 20_000 + 2_000 * seed };
    const { problem, situations } = await runSeed({ ...run, protection });
    assert.equal(problem, null, `seed ${seed}`);
    resumed += situations.resumed ?? 0;
  }
  assert.ok(resumed > 0);
});
