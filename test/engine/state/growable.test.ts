import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { grownFloat64, grownInt32, grownUint8 } from "../../../engine/state/growable.ts";

const MIB = 1024 * 1024;

test("an array that grows keeps its numbers, small or large, and further ones are 0", () => {
  let doubles: Float64Array = new Float64Array(4);
  let ints: Int32Array = new Int32Array(4);
  let bytes: Uint8Array = new Uint8Array(4);
  for (let length = 8; length <= 4 * MIB; length *= 2) {
    for (const array of [doubles, ints, bytes]) array.fill(7, length / 4);
    doubles = grownFloat64(doubles, length);
    ints = grownInt32(ints, length);
    bytes = grownUint8(bytes, length / 2, length);
    for (const array of [doubles, ints, bytes]) {
      assert.equal(array.length, length);
      assert.equal(array[length / 2 - 1], 7);
      assert.ok(array.subarray(length / 2).every((value) => value === 0));
    }
  }
});

test("a large array grows where it lies: the old view sees what the new one gets", () => {
  const large = grownFloat64(new Float64Array(4), 4 * MIB);
  const larger = grownFloat64(large, 8 * MIB);
  larger[3] = 5;
  assert.equal(large[3], 5);
  assert.equal(large.length, 4 * MIB);
});

test("the collector counts large arrays, so those that nobody has any more are freed without being asked for", async () => {
  // Garbage of before may be freed between two readings, so that one of them shows less; never more.
  const isCounted = Array.from({ length: 20 }, () => {
    const before = process.memoryUsage().external;
    const array = grownUint8(grownUint8(new Uint8Array(0), 0, 4 * MIB), 0, 64 * MIB);
    return process.memoryUsage().external - before >= array.length;
  });
  assert.ok(isCounted.includes(true));
  let [last, collected] = [process.memoryUsage().external, false];
  for (let i = 0; i < 20_000 && !collected; i++) {
    grownUint8(new Uint8Array(0), 0, 4 * MIB);
    const now = process.memoryUsage().external;
    collected = now < last;
    last = now;
    if (i % 10 === 0) await nextTurn();
  }
  assert.ok(collected, `${last} bytes of garbage`);
});
