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

test("a large store that is rewritten, but for some entries that stay, is bounded by its content", () => {
  const tested = new Tested();
  for (let entry = 0; entry < CAPACITY; entry++) tested.set(entry, 500, 1);
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
  let most = 0;
  for (let i = 0; i < 100_000; i++) {
    const entry = next(tested.model.length);
    if (i % 50 === 0) {
      tested.remove(entry);
      tested.set(tested.model.length, 500, i);
    } else if (entry % 8 !== 0)
      tested.set(entry, tested.model[entry]!.length > 1_500 ? 20 : tested.model[entry]!.length + 40, i);
    most = Math.max(most, tested.store.bytes.length);
    if (i % 5_000 === 0) tested.check();
  }
  tested.check();
  assert.ok(most <= 16 * 1024 * 1024, `${most} bytes for less than 4 MB`);
});

test("long strings that are replaced give their room to others", () => {
  const tested = new Tested();
  for (let round = 0; round < 300; round++)
    for (let entry = 0; entry < 4; entry++) tested.set(entry, 70_000 + round * 1000, round);
  tested.check();
  assert.ok(tested.store.bytes.length <= 16 * 1024 * 1024, `${tested.store.bytes.length} bytes`);
});
