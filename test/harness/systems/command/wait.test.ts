import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { waitForQuiet, waitUntil } from "../../../../harness/systems/command/wait.ts";

/** Virtual time: sleeping is what makes it pass. */
function clock() {
  let nowUs = 0;
  return {
    now: () => nowUs,
    sleep: async (ms: number) => {
      nowUs += ms * 1000;
    },
  };
}

test("a system is drained when its outputs have been quiet for the whole time, and not before", async () => {
  const outputs = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(outputs, fc.integer({ min: 40, max: 3_000 }), async (timesMs, quietMs) => {
      const time = clock();
      const written = () => timesMs.filter((ms) => ms * 1000 <= time.now()).length;
      const ok = await waitForQuiet(time, { quietMs, limitMs: 60_000 }, async () => [written(), 7]);
      const endMs = time.now() / 1000;
      assert.ok(ok);
      const quiet = timesMs.every((ms) => ms > endMs || ms <= endMs - quietMs + 51);
      assert.ok(quiet, `ended at ${endMs}`);
      const pauses = [0, ...timesMs.toSorted((a, b) => a - b)].map((ms, i, all) => (all[i + 1] ?? 1e9) - ms);
      // Noticed up to a look (50 ms) late, and ended at the first look after the quiet time: only a pause longer than both is sure to end it.
      const first = [0, ...timesMs.toSorted((a, b) => a - b)][pauses.findIndex((pause) => pause > quietMs + 101)]!;
      assert.ok(endMs <= first + quietMs + 102, `ended at ${endMs}, quiet since ${first}`);
    }),
    { numRuns: 300 },
  );
});

test("a slow answer about the outputs is not taken for quiet", async () => {
  const time = clock();
  let written = 0;
  const asked = async () => {
    await time.sleep(900); // nearly as long as quiet is
    return [Math.min(5, ++written)];
  };
  assert.ok(await waitForQuiet(time, { quietMs: 1_000, limitMs: 60_000 }, asked));
  assert.equal(written, 7, "five answers that grew, two that did not");
});

test("outputs without end run into the limit", async () => {
  const time = clock();
  const growing = async () => [time.now()];
  assert.equal(await waitForQuiet(time, { quietMs: 100, limitMs: 2_000 }, growing), false);
  assert.ok(time.now() <= 2_050_000);
});

test("waiting ends when it is cancelled, and looks at least once", async () => {
  const time = clock();
  const options = { everyMs: 10, limitMs: 1_000, cancelled: () => time.now() >= 50_000 };
  assert.equal(await waitUntil(time, options, () => false), false);
  assert.equal(time.now(), 50_000);
  assert.equal(await waitUntil(time, { everyMs: 10, limitMs: 0 }, () => true), true);
});
