import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { EarlyAbort } from "../../../harness/sweep/early-abort.ts";

const START_US = 5_000_000;

/** Feeds the medians (ms, or null: no outputs) of half seconds; resolves to the error, or null when the run goes on. */
async function watch(thresholds: string, medians: readonly (number | null)[], duration = "60s"): Promise<Error | null> {
  const text = `query: q0\nload: {rate: 1k/s, duration: ${duration}}\nwarmup: 5s\nthresholds: ${thresholds}\n`;
  const abort = new EarlyAbort(resolveText(text, "t.yaml", []).config);
  abort.start(START_US);
  medians.forEach((ms, i) => {
    abort.observed({ p50Us: ms === null ? null : ms * 1000 }, START_US + (i + 1) * 500_000);
  });
  return Promise.race([abort.hopeless, Promise.resolve(null)]);
}

const times = (count: number, ms: number | null) => Array.from({ length: count }, () => ms);
const ABORTING = '[{check: "p99 < 100ms", abort: true}]';

test("a run whose median stays above the bound of its p99 is ended, and says why and when", async () => {
  const error = await watch(ABORTING, times(60, 400));
  assert.ok(error instanceof FaultlineError);
  assert.equal(error.code, "threshold-crossed");
  // Outputs of the warm-up (5 s) do not count, then a tenth of the 55 s measured.
  assert.match(
    error.message,
    /^ended early, at 10\.5 s: p99 < 100ms cannot hold any more, the median was above the bound for 5\.5 s$/,
  );
});

test("a run goes on that had a bad start, a short stall, silence, or nothing that may end it", async () => {
  assert.equal(await watch(ABORTING, [...times(10, 900), ...times(80, 3)]), null);
  assert.equal(await watch(ABORTING, [...times(20, 3), ...times(5, 2_000), ...times(60, 3)]), null);
  assert.equal(await watch(ABORTING, times(100, null)), null);
  assert.equal(await watch('["p99 < 100ms"]', times(100, 900)), null);
  assert.equal(await watch(ABORTING, times(100, 99)), null);
});

test("outputs that come late are charged to the time when they were due: those of the warm-up end nothing", async () => {
  // All outputs are 20 s late: until second 25 they were due in the warm-up.
  assert.equal(await watch(ABORTING, times(49, 20_000)), null);
  assert.notEqual(await watch(ABORTING, times(70, 20_000)), null);
});

test("half of a run may be above the bound of its p50, not three quarters", async () => {
  const check = '[{check: "p50 < 100ms", abort: true}]';
  assert.equal(await watch(check, times(70, 400)), null);
  assert.notEqual(await watch(check, times(100, 400)), null);
});
