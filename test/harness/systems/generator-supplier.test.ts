import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PARTITION_RULES, type PartitionRule } from "../../../generators/dataset.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { GeneratorSupplier } from "../../../harness/systems/generator-supplier.ts";

const EVENTS = 2_003;
const options = resolveNexmarkOptions({ events: EVENTS });

function wireByPartition(partitions: number, partitionRule: PartitionRule): string[][] {
  const cursor = new NexmarkDataSet({ options, partitions, partitionRule }).open();
  const target = new Uint8Array(cursor.maxWireBytes);
  const values: string[][] = Array.from({ length: partitions }, () => []);
  while (cursor.advance()) {
    const end = cursor.writeWire(target, 0);
    values[cursor.partition]!.push(Buffer.from(target.subarray(0, end)).toString("latin1"));
  }
  return values;
}

test("a generated log gives every event of a partition once and in order, whoever reads how much first", () => {
  const reads = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 900 })), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(...PARTITION_RULES),
      reads,
      (partitions, rule, order) => {
        const supplier = new GeneratorSupplier(new NexmarkDataSet({ options, partitions, partitionRule: rule }));
        const got: string[][] = Array.from({ length: partitions }, () => []);
        const read = (partition: number, most: number) => {
          const have = got[partition]!;
          if (have.length === supplier.endOffset(partition)) return;
          const { bytes, offsets, count } = supplier.read(partition, have.length, most);
          assert.ok(count >= 1 && count <= most);
          for (let i = 0; i < count; i++) {
            have.push(Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString("latin1"));
          }
        };
        for (const [partition, most] of order) read(partition % partitions, most);
        for (let partition = 0; partition < partitions; partition++) {
          while (got[partition]!.length < supplier.endOffset(partition)) read(partition, 500);
        }
        assert.deepEqual(got, wireByPartition(partitions, rule));
      },
    ),
    { numRuns: 25 },
  );
});

test("reading anything but the next record is refused", () => {
  const supplier = new GeneratorSupplier(new NexmarkDataSet({ options, partitions: 2 }));
  supplier.read(0, 0, 10);
  assert.throws(() => supplier.read(0, 0, 10), { code: "assertion-failed" });
  assert.throws(() => supplier.read(2, 0, 10), { code: "assertion-failed" });
});
