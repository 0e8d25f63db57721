import assert from "node:assert/strict";
import { test } from "node:test";
import { EarlyLosses } from "../../../engine/cluster/early-losses.ts";

test("losses of an attempt that has not begun here wait for it, once each", () => {
  const early = new EarlyLosses();
  assert.equal(early.keep(1, "worker-2"), true);
  assert.equal(early.keep(1, "worker-2"), true);
  assert.equal(early.keep(1, "worker-3"), true);
  assert.deepEqual(early.begin(1), ["worker-2", "worker-3"]);
  assert.equal(early.keep(1, "worker-2"), false, "it has begun: whoever runs it is told");
  assert.deepEqual(early.begin(2), []);
});

test("an attempt that begins does not forget what is known of a later one", () => {
  const early = new EarlyLosses();
  early.keep(2, "worker-2");
  assert.deepEqual(early.begin(1), []);
  assert.deepEqual(early.begin(2), ["worker-2"]);
});

test("what never begins takes no room: only the newest attempt, and of it so many peers, are kept", () => {
  const early = new EarlyLosses();
  for (let attempt = 1; attempt <= 1_000; attempt++) early.keep(attempt, "worker-2");
  for (let peer = 0; peer < 5_000; peer++) early.keep(1_000, `worker-${peer}`);
  assert.equal(early.keep(999, "worker-9"), true);
  const kept = early.begin(1_000);
  assert.equal(kept.length, 1_024);
  assert.equal(kept[0], "worker-2");
  assert.deepEqual(early.begin(1_001), []);
});
