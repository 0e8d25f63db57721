import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileSchedule, type Schedule } from "../../../generators/schedule/schedule.ts";
import { PI } from "../../../generators/schedule/sine.ts";
import type { ScheduleSpec } from "../../../generators/schedule/spec.ts";

fc.configureGlobal({ seed: 20_150_715 });

const rate = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 200_000 }),
  fc.integer({ min: 1, max: 99_999 }).map((n) => n / 100),
);
const above0 = rate.filter((value) => value > 0);
const lengthMs = fc.integer({ min: 1, max: 20_000 });

const ramp = fc
  .record({ shape: fc.constant("ramp" as const), fromPerSecond: rate, toPerSecond: rate, durationMs: lengthMs })
  .filter(({ fromPerSecond, toPerSecond }) => fromPerSecond + toPerSecond > 0);
const sine = fc
  .record({
    midPerSecond: above0,
    share: fc.oneof(
      fc.constant(0),
      fc.constant(1),
      fc.integer({ min: 1, max: 99 }).map((n) => n / 100),
    ),
    periodMs: lengthMs,
  })
  .map(({ share, ...rest }) => ({ shape: "sine" as const, ...rest, amplitudePerSecond: rest.midPerSecond * share }));
const square = fc
  .record({ shape: fc.constant("square" as const), lowPerSecond: rate, highPerSecond: rate, periodMs: lengthMs })
  .filter(({ lowPerSecond, highPerSecond }) => lowPerSecond + highPerSecond > 0);
const burst = fc
  .record({ basePerSecond: rate, burstPerSecond: above0, everyMs: fc.integer({ min: 2, max: 20_000 }), at: fc.nat() })
  .map(({ at, ...rest }) => ({ shape: "burst" as const, ...rest, lengthMs: 1 + (at % (rest.everyMs - 1)) }));
const anyShape: fc.Arbitrary<ScheduleSpec> = fc.oneof(ramp, sine, square, burst);

const limitOf = (schedule: Schedule) => schedule.totalEvents ?? Number.POSITIVE_INFINITY;

test("of any shape due times are whole ns and never go back, wherever one looks", () => {
  fc.assert(
    fc.property(anyShape, fc.nat(3_000_000), (spec, from) => {
      const schedule = compileSchedule(spec);
      for (let i = from; i < Math.min(from + 100, limitOf(schedule)); i++) {
        const [before, due] = [i === 0 ? 0 : schedule.dueNs(i - 1), schedule.dueNs(i)];
        if (due > Number.MAX_SAFE_INTEGER) return; // 104 days
        assert.ok(Number.isInteger(due) && due >= before, `event ${i}: ${due} after ${before}`);
      }
    }),
    { numRuns: 500 },
  );
});

test("countBefore is the inverse of dueNs, of any shape", () => {
  fc.assert(
    fc.property(anyShape, fc.integer({ min: -5, max: 100_000_000_000 }), (spec, ns) => {
      const schedule = compileSchedule(spec);
      const count = schedule.countBefore(ns);
      assert.ok(count <= limitOf(schedule));
      if (count > 0) assert.ok(schedule.dueNs(count - 1) <= ns);
      if (count < limitOf(schedule)) assert.ok(schedule.dueNs(count) > ns);
      if (count > 0) assert.ok(schedule.countBefore(schedule.dueNs(count - 1)) >= count);
    }),
    { numRuns: 1000 },
  );
});

test("a due time is a function of the index alone, not of what was asked before", () => {
  fc.assert(
    fc.property(anyShape, fc.array(fc.nat(1_000_000), { minLength: 2, maxLength: 20 }), (spec, indexes) => {
      const asked = compileSchedule(spec);
      for (const i of indexes) assert.equal(asked.dueNs(i), compileSchedule(spec).dueNs(i));
    }),
    { numRuns: 200 },
  );
});

/** Twice the integral of a ramp at `ns` is at most 2i, in whole numbers: rates in 1/100 events per second. */
function rampIsAtMost(spec: { fromPerSecond: number; toPerSecond: number; durationMs: number }, ns: number, i: number) {
  const [from, to] = [spec.fromPerSecond, spec.toPerSecond].map((value) => BigInt(Math.round(value * 100)));
  const [t, length] = [BigInt(ns), BigInt(spec.durationMs) * 1_000_000n];
  return 2n * from! * length * t + (to! - from!) * t * t <= 2n * BigInt(i) * 100n * 1_000_000_000n * length;
}

test("ramp: an event is due in the very ns in which the parabola reaches its index; the sum is the mean rate times the length", () => {
  fc.assert(
    fc.property(ramp, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (spec, picks) => {
      const schedule = compileSchedule(spec);
      const total = schedule.totalEvents!;
      const hundredths = Math.round((spec.fromPerSecond + spec.toPerSecond) * 100) * spec.durationMs;
      assert.equal(total, Math.ceil(hundredths / 200_000));
      for (const i of [0, total - 1, ...picks.map((pick) => pick % total)]) {
        const due = schedule.dueNs(i);
        assert.ok(rampIsAtMost(spec, due, i), `event ${i} is due no earlier than ${due}`);
        assert.ok(!rampIsAtMost(spec, due + 1, i), `event ${i} is due before ${due + 1}`);
      }
      assert.ok(schedule.dueNs(total) >= spec.durationMs * 1_000_000, "what comes behind the end is due behind it");
    }),
    { numRuns: 500 },
  );
});

test("sine: every period holds exactly its mean, for as long as one likes", () => {
  fc.assert(
    fc.property(sine, fc.nat(100_000), (spec, period) => {
      const schedule = compileSchedule(spec);
      const ns = spec.periodMs * 1_000_000 * period;
      const hundredths = BigInt(Math.round(spec.midPerSecond * 100)) * BigInt(spec.periodMs) * BigInt(period);
      const due = (hundredths + 99_999n) / 100_000n; // strictly before the end of the period
      if (ns > 0 && ns < 2 ** 52) assert.equal(schedule.countBefore(ns - 1), Number(due));
    }),
    { numRuns: 500 },
  );
});

test("sine: symmetric, and where its integral says", () => {
  const schedule = compileSchedule({ shape: "sine", midPerSecond: 1000, amplitudePerSecond: 1000, periodMs: 10_000 });
  const perPeriod = 10_000;
  // The rate is the same as long before the peak as after it, so the gaps mirror about it and about the trough.
  const half = schedule.countBefore(5e9);
  assert.equal(half, Math.floor(5000 + 10_000 / Math.PI) + 1, "half a period has mid · t + amplitude · period / π");
  const exact = (t: number) => 1000 * t + (10_000 / Math.PI) * Math.sin((Math.PI * t) / 10) ** 2;
  for (let i = 1; i < perPeriod; i += 7) {
    const t = schedule.dueNs(i) / 1e9;
    assert.ok(Math.abs(exact(t) - i) < 1e-5, `event ${i} at ${t} s`);
    assert.equal(schedule.dueNs(i + 3 * perPeriod) - schedule.dueNs(i), 30e9, "each period is like the others");
  }
  for (const t of [0.5e9, 1e9, 2.4e9]) {
    const before = schedule.countBefore(2.5e9) - schedule.countBefore(2.5e9 - t);
    const after = schedule.countBefore(2.5e9 + t) - schedule.countBefore(2.5e9);
    assert.ok(Math.abs(before - after) <= 1, `about the peak: ${before} and ${after}`);
  }
  const atTrough = schedule.countBefore(7.6e9) - schedule.countBefore(7.4e9);
  assert.ok(atTrough <= 2, `next to nothing where the rate is 0: ${atTrough}`);
});

test("sine: its π is right to the last place", () => {
  const scale = 10n ** 70n;
  const arctanOfInverse = (n: bigint) => {
    let sum = 0n;
    for (let power = scale / n, k = 1n; power > 0n; power /= n * n, k += 2n) {
      sum += ((k / 2n) % 2n === 0n ? power : -power) / k;
    }
    return sum;
  };
  assert.equal(PI, (4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) / 10n ** 10n);
});

test("square and burst are the steps that they repeat", () => {
  fc.assert(
    fc.property(fc.oneof(square, burst), fc.integer({ min: 1, max: 6 }), (spec, cycles) => {
      const [first, second] =
        spec.shape === "square"
          ? [
              { durationMs: spec.periodMs, ratePerSecond: spec.lowPerSecond },
              { durationMs: spec.periodMs, ratePerSecond: spec.highPerSecond },
            ]
          : [
              { durationMs: spec.everyMs - spec.lengthMs, ratePerSecond: spec.basePerSecond },
              { durationMs: spec.lengthMs, ratePerSecond: spec.burstPerSecond },
            ];
      // Half a period must be whole ms for steps.
      const repeated = compileSchedule(spec.shape === "square" ? { ...spec, periodMs: 2 * spec.periodMs } : spec);
      const steps = compileSchedule({
        shape: "steps",
        steps: Array.from({ length: cycles }, () => [first!, second!]).flat(),
      });
      const total = steps.totalEvents!;
      for (let i = 0; i < total; i += Math.max(1, Math.floor(total / 97))) {
        assert.equal(repeated.dueNs(i), steps.dueNs(i), `event ${i} of ${total}`);
      }
      const endNs = (first!.durationMs + second!.durationMs) * cycles * 1_000_000;
      assert.equal(repeated.countBefore(endNs - 1), total);
    }),
    { numRuns: 300 },
  );
});

test("burst: silence between bursts is silence", () => {
  const spec = { shape: "burst", basePerSecond: 0, burstPerSecond: 100, everyMs: 1000, lengthMs: 100 } as const;
  const schedule = compileSchedule(spec);
  assert.deepEqual([0, 1, 9, 10, 25].map(schedule.dueNs), [0.9e9, 0.91e9, 0.99e9, 1.9e9, 2.95e9]);
  assert.deepEqual([0.5e9, 0.9e9, 1.5e9].map(schedule.countBefore), [0, 1, 10]);
});

test("less than an event a cycle still adds up", () => {
  const schedule = compileSchedule({ shape: "square", lowPerSecond: 0, highPerSecond: 0.3, periodMs: 1000 });
  // 0.15 events a cycle: event i is due in the second half of cycle floor(i / 0.15).
  for (let i = 0; i < 1000; i++) {
    const cycle = Math.floor((i * 20) / 3);
    const missing = i - cycle * 0.15;
    assert.ok(Math.abs(schedule.dueNs(i) - (cycle * 1e9 + 0.5e9 + (missing / 0.3) * 1e9)) < 1e3, `event ${i}`);
  }
});

test("a rate below 0, a burst as long as its cycle, and no rate at all are refused", () => {
  const bad = [
    { shape: "sine", midPerSecond: 10, amplitudePerSecond: 11, periodMs: 1000 },
    { shape: "burst", basePerSecond: 1, burstPerSecond: 2, everyMs: 1000, lengthMs: 1000 },
    { shape: "ramp", fromPerSecond: 0, toPerSecond: 0, durationMs: 1000 },
    { shape: "square", lowPerSecond: 0, highPerSecond: 0, periodMs: 1000 },
  ];
  for (const spec of bad) assert.throws(() => compileSchedule(spec as never), { code: "config-invalid" });
});
