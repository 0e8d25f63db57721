import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WatermarkSteps } from "../../../harness/verify/triggers.ts";
import { bruteForceTrigger } from "../synthetic-run.ts";

const events = fc.integer({ min: 1, max: 4 }).chain((partitions) =>
  fc.record({
    partitions: fc.constant(partitions),
    delay: fc.integer({ min: 0, max: 30 }),
    events: fc.array(fc.record({ partition: fc.nat({ max: partitions - 1 }), ms: fc.integer({ min: 0, max: 200 }) }), {
      maxLength: 60,
    }),
    windowEnd: fc.integer({ min: 0, max: 250 }),
  }),
);

describe("trigger of a window: the first event after which every partition's watermark has passed its end", () => {
  it("equals the definition, for any disorder and partitioning", () => {
    fc.assert(
      fc.property(events, ({ partitions, delay, events, windowEnd }) => {
        const steps = new WatermarkSteps(partitions, delay);
        events.forEach(({ partition, ms }, index) => {
          steps.onEvent(partition, ms, index);
        });
        const wanted = bruteForceTrigger(events, partitions, windowEnd - 1 + delay);
        assert.equal(steps.endOfWindow(windowEnd), wanted);
      }),
      { numRuns: 1000 },
    );
  });

  it("a partition that has had no event holds every window open", () => {
    const steps = new WatermarkSteps(2, 0);
    for (let i = 0; i < 5_000; i++) steps.onEvent(0, i, i);
    assert.equal(steps.endOfWindow(10), null);
    steps.onEvent(1, 8, 5_000);
    assert.equal(steps.endOfWindow(9), 5_000);
    assert.equal(steps.endOfWindow(10), null);
  });
});
