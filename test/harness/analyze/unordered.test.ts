import assert from "node:assert/strict";
import { test } from "node:test";
import { unorderedNote } from "../../../harness/analyze/unordered.ts";
import { judge } from "../../../harness/analyze/verdict.ts";
import type { LatencySummary, VerifySummary } from "../../../harness/sweep/model.ts";

const LATENCY: LatencySummary = { p50: 1, p90: 1, p99: 1, p999: null, max: 1, n: 10 };
const WRONG: VerifySummary = {
  expected: 100,
  observed: 95,
  matched: 90,
  lost: 10,
  duplicate: 5,
  wrong: 0,
  unexpected: 0,
  premature: 0,
  outOfOrder: 0,
};

function verdict(unordered: boolean, n: number) {
  const limits = { generatorLagP99: 1, achievedShare: 0, observerLagP99: 1, minSamples: 5, faultsNotCounted: 0 };
  const feeder = { sent: 1, acked: 1, sendErrors: 0 };
  return judge({
    record: { problems: [], events: 1, feeder, clockOffsetUs: { start: 0, end: 0 } } as never,
    config: { guarantee: "at-least-once", limits, unordered },
    verified: WRONG,
    checkerProblem: null,
    offeredPerSecond: 1,
    achievedInputPerSecond: 1,
    generatorLagUs: { ...LATENCY, p99: null },
    observerLagUs: { ...LATENCY, p99: null },
    latencyUs: { ...LATENCY, n },
    claimsLatency: true,
  });
}

test("wrong outputs of replicas without order are not held against the run, those of all others are", () => {
  assert.deepEqual(
    verdict(false, 10).reasons.map(({ code }) => code),
    ["guarantee-violated"],
  );
  assert.equal(verdict(true, 10).state, "valid");
  assert.equal(verdict(true, 4).state, "invalid", "no data is never a pass");
});

test("the note of such a run says plainly whether its outputs were right", () => {
  assert.match(unorderedNote(WRONG), /Cost baseline .* They are wrong: 10 lost, 5 duplicate of 100 expected\./);
  assert.match(unorderedNote({ ...WRONG, lost: 0, duplicate: 0 }), /This time they were as the oracle expects/);
  assert.match(unorderedNote(null), /not compared/);
});
