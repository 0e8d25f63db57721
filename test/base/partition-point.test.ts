import assert from "node:assert/strict";
import { test } from "node:test";
import { partitionPoint } from "../../base/partition-point.ts";

test("the point is found wherever it is, both ends and an empty range included", () => {
  for (let count = 0; count < 9; count++) {
    for (let point = 0; point <= count; point++)
      assert.equal(
        partitionPoint(count, (index) => index < point),
        point,
      );
  }
});
