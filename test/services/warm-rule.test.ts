import assert from "node:assert/strict";
import { test } from "node:test";
import { compilerTimeMs } from "../../harness/services/kafka/compiler-time.ts";
import { isWarm, median } from "../../harness/services/kafka/warm-rule.ts";

const quiet = (...shares: number[]) => shares.map((compilerShare) => ({ medianUs: 500, compilerShare }));
const steady = (...mediansUs: number[]) => mediansUs.map((medianUs) => ({ medianUs, compilerShare: null }));

test("a broker is warm when its compiler was quiet for two rounds, however steady the round trips were before", () => {
  assert.ok(!isWarm([]));
  assert.ok(!isWarm(quiet(0.05)));
  assert.ok(!isWarm(quiet(0.9, 0.9, 0.9, 0.9)), "equal medians do not make up for a busy compiler");
  assert.ok(!isWarm(quiet(0.02, 0.3)));
  assert.ok(!isWarm(quiet(0.3, 0.02)));
  assert.ok(isWarm(quiet(0.9, 0.02, 0.09)));
});

test("where the compiler cannot be watched, three medians within a fifth of each other count", () => {
  assert.ok(!isWarm(steady(100, 100)));
  assert.ok(!isWarm(steady(900, 300, 110, 100)));
  assert.ok(isWarm(steady(900, 100, 119, 110)));
  assert.ok(!isWarm(steady(100, 121, 110)));
});

test("the median of an even number is the upper one; nothing has 0", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 3);
  assert.equal(median([]), 0);
});

test("a process without compiler threads has used none of their time; one that is gone says nothing", {
  skip: process.platform !== "linux",
}, () => {
  assert.equal(compilerTimeMs(process.pid), 0);
  assert.equal(compilerTimeMs(0x7fffffff), null);
});
