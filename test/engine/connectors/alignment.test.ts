import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Alignment, type PartitionProgress } from "../../../engine/connectors/alignment.ts";

const NEVER = Number.NEGATIVE_INFINITY;

function decide(alignment: Alignment, progress: readonly PartitionProgress[]): number[] {
  const changed: number[] = [];
  alignment.update(
    (partition) => progress[partition]!,
    (partition, held) => {
      assert.equal(alignment.isHeld(partition), held);
      changed.push(partition);
    },
  );
  return changed;
}

const at = (latestMs: number, quiet = false): PartitionProgress => ({ latestMs, quiet });

test("what leads by more than the bound is held until the slowest has come near", () => {
  const alignment = new Alignment(100, 3);
  assert.deepEqual(decide(alignment, [at(0), at(100), at(101)]), [2]);
  assert.deepEqual(decide(alignment, [at(0), at(101), at(101)]), [1]);
  assert.deepEqual(decide(alignment, [at(1), at(101), at(101)]), [1, 2]);
});

test("a partition that was never read, or is quiet, keeps nobody waiting", () => {
  const alignment = new Alignment(100, 2);
  assert.deepEqual(decide(alignment, [at(NEVER), at(5000)]), []);
  assert.deepEqual(decide(alignment, [at(0), at(5000)]), [1]);
  assert.deepEqual(decide(alignment, [at(0, true), at(5000)]), [1]);
  assert.equal(alignment.isHeld(1), false);
});

const log = fc.array(fc.nat(50), { maxLength: 40 });

test("whatever the logs and the order of reading: all is read, and none leads by more than the bound and one read", () => {
  const logs = fc.array(log, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(logs, fc.integer({ min: 1, max: 300 }), fc.infiniteStream(fc.nat(1000)), (gaps, boundMs, choices) => {
      const alignment = new Alignment(boundMs, gaps.length);
      const read = gaps.map(() => 0);
      const latestMs = gaps.map(() => NEVER);
      const left = () => gaps.reduce((sum, list, partition) => sum + list.length - read[partition]!, 0);
      while (left() > 0) {
        const ready = gaps.flatMap((list, p) => (read[p]! < list.length && !alignment.isHeld(p) ? [p] : []));
        assert.ok(ready.length > 0, "a standstill");
        const partition = ready[choices.next().value! % ready.length]!;
        const stepMs = gaps[partition]![read[partition]!]!;
        latestMs[partition] = Math.max(latestMs[partition]!, 0) + stepMs;
        read[partition]! += 1;
        const isOpen = (p: number) => read[p]! < gaps[p]!.length;
        const slowestMs = Math.min(...latestMs.filter((ms, p) => isOpen(p) && ms !== NEVER), latestMs[partition]!);
        assert.ok(latestMs[partition]! - slowestMs <= boundMs + 50, "a partition was read though it leads too far");
        decide(
          alignment,
          latestMs.map((ms, p) => at(ms, !isOpen(p))),
        );
      }
    }),
    { numRuns: 200 },
  );
});
