import assert from "node:assert/strict";
import { test } from "node:test";
import { observerEnd } from "../../../harness/sweep/bindings/observer.ts";

test("a reader that was held up is named: its view would pass for whole, and what it lacks for lost", () => {
  const uncommitted = { isWhole: true };
  assert.deepEqual(observerEnd({ observed: 7, byIsolation: { uncommitted } }), { observed: 7, heldUp: [] });
  const byIsolation = { uncommitted, committed: { isWhole: false } };
  assert.deepEqual(observerEnd({ observed: 7, byIsolation }), { observed: 7, heldUp: ["committed"] });
});
