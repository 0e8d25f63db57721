import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogSourceSupplier } from "../../../engine/connectors/source-supplier.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import generatedInput from "../../../harness/cluster/jobs/generated-input.ts";

/** Values of a partition from `offset` on. */
function valuesOf(supplier: LogSourceSupplier, partition: number, offset: number, step: number): string[] {
  const values: string[] = [];
  for (let at = offset; at < supplier.endOffset(partition); ) {
    const { bytes, count, offsets } = supplier.read(partition, at, step);
    for (let i = 0; i < count; i++) values.push(Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString());
    at += count;
  }
  return values;
}

/** The whole data set, event by event. */
function nexmarkValues(events: number, partitions: number): string[][] {
  const options = resolveNexmarkOptions({ events });
  const dataSet = new NexmarkDataSet({ options, partitions, partitionRule: "roundRobin" });
  const values: string[][] = Array.from({ length: partitions }, () => []);
  const room = new Uint8Array(1024 * 1024);
  for (const cursor = dataSet.open(); cursor.advance(); ) {
    values[cursor.partition]!.push(Buffer.from(room.subarray(0, cursor.writeWire(room, 0))).toString());
  }
  return values;
}

test("each partition of generated events can be read alone, from anywhere, and again", () => {
  const expected = nexmarkValues(300, 2);
  const supplier = generatedInput({ generator: "nexmark", partitions: 2, options: { events: 300 } });
  assert.equal(supplier.endOffset(0) + supplier.endOffset(1), 300);
  assert.deepEqual(valuesOf(supplier, 1, 0, 70), expected[1]);
  assert.deepEqual(valuesOf(supplier, 1, 100, 7), expected[1]!.slice(100), "a job that was restored");
  assert.deepEqual(valuesOf(supplier, 0, 149, 10), expected[0]!.slice(149));
  assert.deepEqual(valuesOf(supplier, 1, 0, 1000), expected[1], "a job that begins anew");
});

test("lines of words are spread over partitions, none lost", () => {
  const whole = generatedInput({ generator: "words", partitions: 1, lines: 11, options: {} });
  const split = generatedInput({ generator: "words", partitions: 3, lines: 11, options: {} });
  const parts = [0, 1, 2].map((partition) => valuesOf(split, partition, 0, 2));
  assert.deepEqual(
    parts.map(({ length }) => length),
    [4, 4, 3],
  );
  const merged = Array.from({ length: 11 }, (_, i) => parts[i % 3]![Math.floor(i / 3)]);
  assert.deepEqual(merged, valuesOf(whole, 0, 0, 100));
});
