import assert from "node:assert/strict";
import { test } from "node:test";
import { isStable, median } from "../../harness/services/kafka/warm-rule.ts";

test("stable means: the last three rounds agree, whatever was before", () => {
  assert.equal(isStable([500, 500]), false);
  assert.equal(isStable([500, 500, 500]), true);
  assert.equal(isStable([9000, 600, 550, 510]), true);
  assert.equal(isStable([700, 600, 550]), false);
  assert.equal(isStable([500, 500, 500, 700]), false);
});

test("the median does not depend on order", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 9, 1, 2]), 9);
  assert.equal(median([]), 0);
});
