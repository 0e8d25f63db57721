import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { SITUATION_NAMES } from "../../../engine/simulation/situations.ts";
import { runCampaign } from "../../../harness/simulate/campaign.ts";
import { missingCoverage } from "../../../harness/simulate/coverage.ts";
import { campaignHash, emptyTally } from "../../../harness/simulate/tally.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";

const SEEDS = 500;
const forever = { forMs: Number.POSITIVE_INFINITY, clockUs: monotonicUs };

test(`all queries under ${SEEDS} seeds of rough worlds: the oracle's rows, and every situation was met`, async (context) => {
  const progress = await runCampaign({ ...forever, queries: queryIds(), from: 1, seeds: SEEDS, threads: 2 });
  const { tally, elapsedMs } = progress;
  assert.deepEqual(tally.failed, []);
  assert.equal(tally.runs, SEEDS * queryIds().length);
  assert.deepEqual(await missingCoverage(queryIds().map(findQuery), tally), []);
  context.diagnostic(`${tally.runs} runs in ${Math.round(elapsedMs)} ms, traces ${campaignHash(tally)}`);
});

test("the number of threads changes nothing", async () => {
  const hashes: string[] = [];
  for (const threads of [1, 2]) {
    const { tally } = await runCampaign({ ...forever, queries: ["q0", "q5"], from: 7, seeds: 5, threads });
    assert.equal(tally.runs, 10);
    hashes.push(campaignHash(tally));
  }
  assert.equal(hashes[0], hashes[1]);
});

test("starts no seed after its time, nor after it was stopped", async () => {
  let nowUs = 0;
  const clockUs = () => {
    nowUs += 400_000;
    return nowUs;
  };
  const settings = { queries: ["q0"], from: 1, seeds: Number.POSITIVE_INFINITY, threads: 1 };
  const timed = await runCampaign({ ...settings, forMs: 2_000, clockUs });
  assert.ok(timed.seeds >= 2 && timed.seeds <= 10, `${timed.seeds} seeds`);
  const stop = new AbortController();
  const stopped = await runCampaign({ ...settings, ...forever, signal: stop.signal, onProgress: () => stop.abort() });
  assert.equal(stopped.seeds, 2);
});

test("a campaign says which situations and rows it never had, but asks of no query what it cannot have", async () => {
  const tally = emptyTally();
  for (const name of SITUATION_NAMES) if (name !== "creditExhausted" && name !== "timerBurst") tally.runsWith[name] = 1;
  tally.queries.q5 = { runs: 200, withRows: 3 };
  tally.queries.q0 = { runs: 200, withRows: 0 };
  const missing = (...ids: readonly string[]) => missingCoverage(ids.map(findQuery), tally);
  assert.deepEqual(await missing("q5"), ["creditExhausted", "timerBurst"]);
  assert.deepEqual(await missing("q0"), ["a result row of q0"]);
});
