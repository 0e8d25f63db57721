import assert from "node:assert/strict";
import { test } from "node:test";
import { drawRun } from "../../../harness/simulate/draw-run.ts";
import { failureText } from "../../../harness/simulate/report.ts";
import { runSeed, type SeedHooks, type SeedResult } from "../../../harness/simulate/run-seed.ts";
import { findQuery } from "../../../queries/registry.ts";
import { losesAFetchAfterAPause, losesARowInBursts, swapsRecordsAndWatermark } from "./fixtures/defects.ts";

/** Seeds of the campaign in `campaign.alone.test.ts`: a defect must show within them. */
const SEEDS = 500;

/** The first seed that shows the defect, or null. */
async function firstFailure(query: string, hooks: SeedHooks): Promise<SeedResult | null> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSeed(drawRun(findQuery(query), seed), hooks);
    if (result.problem !== null) return result;
  }
  return null;
}

const DEFECTS: readonly {
  readonly what: string;
  readonly query: string;
  readonly hooks: SeedHooks;
  readonly shows: RegExp;
}[] = [
  {
    what: "an operator that loses a row in a timer burst",
    query: "q5",
    hooks: { plantedJob: losesARowInBursts },
    shows: /rows lost/,
  },
  {
    what: "a channel that swaps rows and watermark",
    query: "q5",
    hooks: { tamper: swapsRecordsAndWatermark },
    shows: /lost|lateRows/,
  },
  {
    what: "a reader that loses a fetch after back-pressure",
    query: "q0",
    hooks: { tamper: losesAFetchAfterAPause },
    shows: /lost|within|nothing/,
  },
];

for (const { what, query, hooks, shows } of DEFECTS) {
  test(`the campaign's seeds find ${what}, and replaying the seed shows it again`, async () => {
    const failed = await firstFailure(query, hooks);
    assert.ok(failed !== null, `not found in ${SEEDS} seeds`);
    assert.match(failed.problem!, shows);
    const run = drawRun(findQuery(query), failed.seed);
    const again = await runSeed(run, { ...hooks, trace: { detailed: true, keep: 20 } });
    assert.deepEqual([again.problem, again.traceHash], [failed.problem, failed.traceHash]);
    assert.equal((await runSeed(run)).problem, null, "without the defect the seed is good");
    const text = failureText(run, again);
    assert.match(text, new RegExp(`replay: ./bench simulate --job ${query} --from ${failed.seed} --seeds 1 --trace`));
    assert.ok(again.traceTail.length === 20 && text.includes(again.traceTail.at(-1)!));
  });
}
