import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { betterCloudInput } from "../../generators/bettercloud/input.ts";
import { resolveBetterCloudOptions } from "../../generators/bettercloud/options.ts";
import { type InputStream, mergeInput } from "../../generators/merged-input.ts";

const RATES = fc.constantFrom(1, 3, 7, 100, 1000);

const inputs = fc
  .record({
    events: fc.integer({ min: 1, max: 200 }),
    controls: fc.integer({ min: 0, max: 60 }),
    customers: fc.integer({ min: 1, max: 20 }),
    preloadControls: fc.constantFrom(true, false, 5),
    consumerRate: RATES,
    controlRate: RATES,
  })
  .map((input) => betterCloudInput(resolveBetterCloudOptions(input), { events: 3, controls: 2 }));

test("merged: every event of every stream once, in the order of due times, controls first among equals", () => {
  fc.assert(
    fc.property(inputs, (streams: readonly InputStream<unknown>[]) => {
      const merged = mergeInput(streams);
      const expected = streams
        .flatMap(({ dataSet, schedule }, stream) =>
          Array.from({ length: dataSet.events }, (_, index) => ({ stream, index, dueNs: schedule.dueNs(index) })),
        )
        .sort((a, b) => a.dueNs - b.dueNs || a.stream - b.stream || a.index - b.index);
      assert.equal(merged.dataSet.events, expected.length);
      const cursor = merged.dataSet.open();
      for (const [place, { stream, index, dueNs }] of expected.entries()) {
        assert.ok(cursor.advance());
        assert.equal(cursor.index, place);
        assert.equal((cursor.event() as { readonly index: number }).index, index);
        assert.deepEqual(merged.locate(place), { stream, index });
        assert.equal(merged.indexOf({ stream, index }), place);
        assert.equal(merged.schedule.dueNs(place), dueNs);
        const after = expected.filter((other) => other.dueNs <= dueNs).length;
        assert.equal(merged.schedule.countBefore(dueNs), after);
        assert.ok(cursor.partition >= (stream === 0 ? 0 : 2) && cursor.partition < (stream === 0 ? 2 : 5));
      }
      assert.equal(cursor.advance(), false);
    }),
    { numRuns: 60 },
  );
});
