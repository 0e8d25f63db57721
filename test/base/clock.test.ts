import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clockOffsetUs } from "../../base/clock.ts";

/** Clocks that run together; reading one takes a µs, and the readings named in `heldUp` take as long as they say. */
function clocks(offsetUs: number, heldUp: ReadonlyMap<number, number>) {
  let nowUs = 5_000_300;
  let readings = 0;
  const read = () => {
    nowUs += 1 + (heldUp.get(readings++) ?? 0);
    return nowUs;
  };
  return { monotonic: read, wall: () => Math.floor((read() - offsetUs) / 1000) };
}

const heldUps = fc.array(fc.tuple(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 1, max: 15_000 })), {
  maxLength: 20,
});

test("the offset is right, wherever between its readings the process is held up", () => {
  fc.assert(
    fc.property(fc.integer({ min: -900_000_000, max: 900_000_000 }), heldUps, (offsetUs, held) => {
      const { monotonic, wall } = clocks(offsetUs, new Map(held));
      const error = Math.abs(clockOffsetUs(monotonic, wall) - offsetUs);
      assert.ok(error <= 20, `${error} µs off`);
    }),
    { numRuns: 500 },
  );
});

test("a process that is held up at every reading gets an answer in bounded time", () => {
  const always = new Map(Array.from({ length: 4_000 }, (_, i) => [i, 700]));
  const { monotonic, wall } = clocks(-1_234_567, always);
  assert.ok(Math.abs(clockOffsetUs(monotonic, wall) - -1_234_567) <= 3_000);
});

test("two readings of the real clocks agree", () => {
  assert.ok(Math.abs(clockOffsetUs() - clockOffsetUs()) < 500);
});
