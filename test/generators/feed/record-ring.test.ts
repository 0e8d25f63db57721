import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RecordRing } from "../../../generators/feed/record-ring.ts";

fc.configureGlobal({ seed: 20_150_715 });

const MAX_RECORD = 40;

test("a ring gives back what was put in, in order, whatever the mix of records and readers", () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), size: fc.integer({ min: 1, max: MAX_RECORD }) }),
    fc.record({ kind: fc.constant("take" as const), size: fc.constant(0) }),
  );
  let wraps = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400, size: "max" }), (actions) => {
      const ring = new RecordRing(300, MAX_RECORD);
      const model: { size: number; mark: number; dueNs: number }[] = [];
      let next = 1;
      let last = -1;
      for (const { kind, size } of actions) {
        if (kind === "put") {
          const place = ring.reserve();
          if (place < 0) {
            refusals++;
            assert.ok(model.length >= 2, "full with fewer than two records");
            continue;
          }
          if (place < last) wraps++;
          last = place;
          // A renderer may scribble over all of its room.
          ring.bytes.fill(next % 251, place, place + MAX_RECORD);
          ring.commit(place + size, next % 7, next);
          model.push({ size, mark: next % 251, dueNs: next });
          next++;
        } else if (model.length > 0) {
          const { size: length, mark, dueNs } = model.shift()!;
          assert.deepEqual([ring.end - ring.start, ring.partition, ring.dueNs], [length, dueNs % 7, dueNs]);
          assert.ok(ring.bytes.subarray(ring.start, ring.end).every((byte) => byte === mark));
          ring.dropFront();
        }
        assert.equal(ring.length, model.length);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(wraps > 100 && refusals > 100, "the test met full rings and wraps");
});
