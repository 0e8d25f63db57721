import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planRuns, planSweep } from "../../../harness/sweep/plan.ts";
import { smallSweep } from "./fakes.ts";

const cells = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `c${i}`, axes: {} }));

test("each block holds every cell once; ids are unique; the seed decides the order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(),
      (count, repetitions, seed) => {
        const runs = planRuns(cells(count), repetitions, seed);
        assert.equal(runs.length, count * repetitions);
        assert.equal(new Set(runs.map((run) => run.id)).size, runs.length);
        assert.deepEqual(
          runs.map((run) => run.order),
          runs.map((_, i) => i),
        );
        for (let block = 0; block < repetitions; block++) {
          const ids = runs.slice(block * count, (block + 1) * count).map((run) => run.cell.id);
          assert.deepEqual(
            ids.toSorted(),
            cells(count)
              .map((cell) => cell.id)
              .toSorted(),
          );
        }
        assert.deepEqual(planRuns(cells(count), repetitions, seed), runs);
      },
    ),
  );
});

test("blocks differ from each other and from those of another seed", () => {
  const order = (seed: number) => planRuns(cells(10), 2, seed).map((run) => run.cell.id);
  const [first, second] = [order(1).slice(0, 10), order(1).slice(10)];
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(order(1), order(2));
});

test("the estimate counts the load of every run", () => {
  const once = planSweep(smallSweep("query: q0\nload: {duration: 10s}\n")).estimatedMs;
  const twice = planSweep(smallSweep("query: q0\nload: {duration: 10s}\nrepetitions: 2\n")).estimatedMs;
  assert.ok(twice - once >= 10_000 && twice - once < 25_000);
});
