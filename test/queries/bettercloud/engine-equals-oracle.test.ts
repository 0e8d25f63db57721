import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BetterCloudOptionsInput } from "../../../generators/bettercloud/options.ts";
import { compared, engineRows, expectedRows, type Shape } from "./run.ts";

const SHAPES: readonly Shape[] = [
  { parallelism: 1, workers: 1, partitions: 1, batchSize: 1000 },
  { parallelism: 2, workers: 2, partitions: 4, batchSize: 7 },
  { parallelism: 4, workers: 3, partitions: 3, batchSize: 1 },
];

for (const shape of SHAPES) {
  for (const [name, input] of Object.entries({
    "the original's knobs": { events: 4_000 },
    "three alerts of four rules, skewed customers, padding": {
      events: 2_000,
      customers: 40,
      alertsPerCustomer: 3,
      rulesPerAlert: 4,
      keySkew: 1,
      payloadPadding: 64,
    },
    "some drawn controls first, of which several are global": {
      events: 3_000,
      customers: 20,
      alertsPerCustomer: 2,
      preloadControls: 30,
    },
  } satisfies Record<string, BetterCloudOptionsInput>)) {
    test(`P ${shape.parallelism}, ${shape.workers} workers, batches of ${shape.batchSize}, ${name}: exactly the oracle's rows`, async () => {
      const expected = expectedRows(input);
      assert.ok(expected.length > 100 && expected.every(({ optional }) => optional === undefined));
      const { rows, counters } = await engineRows(input, shape);
      assert.deepEqual(rows.map((row) => compared(row)).sort(), expected.map(({ values }) => compared(values)).sort());
      assert.deepEqual(new Set(counters.map(({ custom }) => custom.undecodable ?? 0)), new Set([0]));
    });
  }
}

test("preloaded: every matching event gives two results, one of each way of joining", () => {
  const rows = expectedRows({ events: 10_000, seed: 1 });
  assert.equal(rows.length, 2 * 749);
});

test("controls that come while events do, in any interleaving: nothing but legal results, once each", async () => {
  const run = fc.record({
    seed: fc.nat(1_000_000),
    shape: fc.constantFrom(...SHAPES),
    customers: fc.constantFrom(1, 3, 50),
    alertsPerCustomer: fc.constantFrom(1, 2),
    consumerRate: fc.constantFrom(50, 500),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ seed, shape, ...knobs }) => {
      const input = { events: 1_000, preloadControls: false, controls: 40, controlRate: 20, ...knobs };
      const expected = expectedRows(input);
      const legal = new Set(expected.map(({ values }) => compared(values, false)));
      assert.equal(legal.size, expected.length, "the legal set has no two equal rows");
      const { rows } = await engineRows(input, shape, seed);
      const seen = rows.map((row) => compared(row, false));
      assert.equal(new Set(seen).size, seen.length, "no duplicates");
      assert.deepEqual(
        seen.filter((row) => !legal.has(row)),
        [],
      );
    }),
    { numRuns: 30 },
  );
});

test("what must come is what follows its control by more than the bound", () => {
  const rows = expectedRows({ events: 5_000, consumerRate: 500, preloadControls: false, controls: 50, controlRate: 5 });
  const required = rows.filter(({ optional }) => optional === undefined);
  assert.ok(required.length > 50 && required.length < rows.length);
  for (const { values } of required) assert.ok(Number(values[2]) > 1_625_774_002_000);
});
