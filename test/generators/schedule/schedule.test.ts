import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileSchedule } from "../../../generators/schedule/schedule.ts";
import type { ScheduleStep } from "../../../generators/schedule/spec.ts";

fc.configureGlobal({ seed: 20_150_715 });

const MAX_INDEX = 10_000_000_000;

/** floor(index · 10^9 · scale / (rate · scale)) by BigInt. */
function exactNs(index: number, scaledRate: bigint, scale: bigint): number {
  return Number((BigInt(index) * 1_000_000_000n * scale) / scaledRate);
}

const index = fc.integer({ min: 0, max: MAX_INDEX });

test("constant: due = floor(i · 10^9 / rate), exactly, for any whole rate and up to 10^10 events: no drift", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2000, max: 1_000_000_000 }), index, (ratePerSecond, i) => {
      const schedule = compileSchedule({ shape: "constant", ratePerSecond });
      assert.equal(schedule.dueNs(i), exactNs(i, BigInt(ratePerSecond), 1n));
    }),
    { numRuns: 2000 },
  );
});

test("constant: decimals of a rate are exact too", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000_000 }), fc.nat(4), fc.nat(1_000_000), (digits, places, i) => {
      const scale = 10n ** BigInt(places);
      const schedule = compileSchedule({ shape: "constant", ratePerSecond: digits / Number(scale) });
      const expected = (BigInt(i) * 1_000_000_000n * scale) / BigInt(digits);
      if (expected < 2n ** 53n) assert.equal(schedule.dueNs(i), Number(expected));
    }),
    { numRuns: 2000 },
  );
  const slow = compileSchedule({ shape: "constant", ratePerSecond: 1e-7 });
  assert.equal(slow.dueNs(0), 0);
  const thirds = compileSchedule({ shape: "constant", ratePerSecond: 3 });
  assert.deepEqual([0, 1, 2, 3].map(thirds.dueNs), [0, 333_333_333, 666_666_666, 1_000_000_000]);
});

const step = fc.record({
  durationMs: fc.integer({ min: 1, max: 50_000 }),
  ratePerSecond: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 200_000 }),
    fc.integer({ min: 1, max: 999_999 }).map((n) => n / 100),
  ),
});
const steps: fc.Arbitrary<ScheduleStep[]> = fc
  .tuple(fc.array(step, { maxLength: 5 }), fc.option(fc.integer({ min: 1, max: 999_999 }).map((n) => n / 10)), step)
  .map(([finite, last, other]) => [...finite, last === null ? other : { untilEnd: true as const, ratePerSecond: last }])
  .filter((all) => all.some((part) => part.ratePerSecond > 0));

/** Due time by the definition: the first moment at which the integral of the rate reaches `i`, in exact fractions of 1/100 events. */
function naiveDue(all: readonly ScheduleStep[], i: number): number | undefined {
  let startNs = 0n;
  let integral = 0n; // in 10^-5 events: rate · 100 times milliseconds
  const target = BigInt(i) * 100_000n;
  for (const part of all) {
    const rate100 = BigInt(Math.round(part.ratePerSecond * 100));
    const end = "durationMs" in part ? integral + rate100 * BigInt(part.durationMs) : undefined;
    if (rate100 > 0n && (end === undefined || target < end)) {
      return Number(startNs + ((target - integral) * 1_000_000n) / rate100);
    }
    if (end === undefined || !("durationMs" in part)) return undefined;
    integral = end;
    startNs += BigInt(part.durationMs) * 1_000_000n;
  }
  return undefined;
}

test("steps: every due time is where the integral of the rate reaches the index; the sum is the integral at the end", () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(5_000_000), { minLength: 1, maxLength: 20 }), (all, indexes) => {
      const schedule = compileSchedule({ shape: "steps", steps: all });
      const total = schedule.totalEvents;
      const seams = total === undefined ? [] : [total - 1, total - 2].filter((i) => i >= 0);
      for (const i of [...indexes, ...seams]) {
        if (total !== undefined && i >= total) assert.equal(naiveDue(all, i), undefined);
        else {
          const due = naiveDue(all, i)!;
          if (due < Number.MAX_SAFE_INTEGER) assert.equal(schedule.dueNs(i), due, `index ${i}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("due times never go back, across seams of steps too", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const schedule = compileSchedule({ shape: "steps", steps: all });
      const seam =
        all[0] !== undefined && "durationMs" in all[0] ? (all[0].durationMs / 1000) * all[0].ratePerSecond : 0;
      const from = Math.max(0, Math.floor(seam) - 20);
      const to = Math.min(from + 60, schedule.totalEvents ?? Number.POSITIVE_INFINITY);
      for (let i = from + 1; i < to; i++) assert.ok(schedule.dueNs(i) >= schedule.dueNs(i - 1));
    }),
  );
});

test("countBefore is the inverse of dueNs", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: -5, max: 300_000_000_000 }), (all, ns) => {
      const schedule = compileSchedule({ shape: "steps", steps: all });
      const total = schedule.totalEvents ?? Number.POSITIVE_INFINITY;
      const count = schedule.countBefore(ns);
      assert.ok(count <= total);
      if (count > 0) assert.ok(schedule.dueNs(count - 1) <= ns);
      if (count < total) assert.ok(schedule.dueNs(count) > ns);
      if (count > 0) assert.ok(schedule.countBefore(schedule.dueNs(count - 1)) >= count);
    }),
    { numRuns: 1000 },
  );
});

test("a seam inside an event's gap: 1.5 events, then a faster step, continue the same integral", () => {
  const schedule = compileSchedule({
    shape: "steps",
    steps: [
      { durationMs: 1500, ratePerSecond: 1 },
      { durationMs: 1000, ratePerSecond: 0 },
      { untilEnd: true, ratePerSecond: 10 },
    ],
  });
  assert.deepEqual([0, 1, 2, 3].map(schedule.dueNs), [0, 1e9, 2.55e9, 2.65e9]);
  assert.equal(schedule.totalEvents, undefined);
});

test("a bad shape is refused with its place", () => {
  const bad = [
    { shape: "constant", ratePerSecond: 0 },
    { shape: "steps", steps: [] },
    {
      shape: "steps",
      steps: [
        { untilEnd: true, ratePerSecond: 1 },
        { durationMs: 5, ratePerSecond: 1 },
      ],
    },
    { shape: "wave" },
    { shape: "steps", steps: [{ durationMs: 1000, ratePerSecond: 0 }] },
  ];
  for (const spec of bad) assert.throws(() => compileSchedule(spec as never), { code: "config-invalid" });
});
