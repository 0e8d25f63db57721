import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SpanStore } from "../../../engine/state/span-store.ts";

const CAPACITY = 4096;

/** A store with its model: entries are dense, as in a segment. */
class Tested {
  readonly store = new SpanStore(CAPACITY);
  readonly model: Uint8Array[] = [];

  set(entry: number, length: number, seed: number): void {
    const known = Math.min(entry, this.model.length);
    if (known >= CAPACITY) return;
    const bytes = new Uint8Array(length).fill(seed);
    this.model[known] = bytes;
    this.store.set(known, bytes, 0, length, this.model.length);
  }

  remove(entry: number): void {
    if (this.model.length === 0) return;
    const removed = entry % this.model.length;
    const last = this.model.length - 1;
    this.store.removeAndFill(removed, last);
    this.model[removed] = this.model[last]!;
    this.model.pop();
  }

  clear(): void {
    this.store.clear();
    this.model.length = 0;
  }

  check(): void {
    const { bytes, offsets, lengths } = this.store;
    for (const [entry, expected] of this.model.entries()) {
      assert.equal(lengths[entry], expected.length);
      const start = offsets[entry]!;
      assert.equal(Buffer.compare(bytes.subarray(start, start + expected.length), expected), 0, `entry ${entry}`);
    }
  }
}

const anyLength = fc.oneof(fc.nat(20), fc.nat(1_000), fc.constantFrom(30_000, 65_536, 65_537, 200_000));
const action = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant("set"), entry: fc.nat(4_000), length: anyLength }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("remove"), entry: fc.nat(), length: fc.constant(0) }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant("fill"), entry: fc.nat(2_000), length: fc.nat(900) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("thin"), entry: fc.nat(1_500), length: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear"), entry: fc.constant(0), length: fc.constant(0) }) },
);

test("byte strings stay what they were while others grow, shrink, go, and memory is collected, in small and large stores", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80, size: "max" }), (actions) => {
      const tested = new Tested();
      for (const [at, { kind, entry, length }] of actions.entries()) {
        if (kind === "set") tested.set(entry, length, at);
        else if (kind === "remove") tested.remove(entry);
        else if (kind === "clear") tested.clear();
        else if (kind === "fill") for (let i = 0; i < 1_500; i++) tested.set(entry + i, length + (i % 50), at + i);
        else for (let i = 0; i < entry; i++) tested.remove(i * 7 + length);
        if (at % 10 === 0) tested.check();
      }
      tested.check();
    }),
    { numRuns: 15 },
  );
});

test("a large store that is rewritten over and over stays within twice its content and some", () => {
  const tested = new Tested();
  const length = (round: number, entry: number) => 500 + ((round * 131 + entry * 17) % 1_000);
  for (let round = 0; round < 12; round++) {
    for (let entry = 0; entry < 3_000; entry++) tested.set(entry, length(round, entry), round);
    for (let i = 0; i < 200; i++) tested.remove(i * 13);
  }
  tested.check();
  const content = tested.model.reduce((sum, bytes) => sum + bytes.length, 0);
  // A growth doubles: twice the content, then once more.
  assert.ok(tested.store.bytes.length <= 5 * content + 4 * 1024 * 1024, `${tested.store.bytes.length} for ${content}`);
});

test("long strings that are replaced give their room to others", () => {
  const tested = new Tested();
  for (let round = 0; round < 300; round++)
    for (let entry = 0; entry < 4; entry++) tested.set(entry, 70_000 + round * 1000, round);
  tested.check();
  assert.ok(tested.store.bytes.length <= 16 * 1024 * 1024, `${tested.store.bytes.length} bytes`);
});
