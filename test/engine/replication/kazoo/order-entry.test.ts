import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeOrderEntry, encodeOrderEntry, type OrderLogEntry } from "../../../../engine/replication/order-entry.ts";

const attempt = fc.integer({ min: 0, max: 0xffffffff });
const replica = fc.integer({ min: 0, max: 0xffff });
const term = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const run = fc.tuple(fc.nat({ max: 0x7fffffff }), fc.integer({ min: 1, max: 0x7fffffff }));
const runs = fc.array(run, { maxLength: 50 }).map((list) => list.flat());
const entry: fc.Arbitrary<OrderLogEntry> = fc.oneof(
  fc.record({ kind: fc.constant("claim" as const), attempt, term, replica }, { noNullPrototype: true }),
  fc.record({ kind: fc.constant("order" as const), attempt, term, replica, runs }, { noNullPrototype: true }),
  fc.record({ kind: fc.constant("consumed" as const), attempt, replica, offset: term }, { noNullPrototype: true }),
);

describe("entries of an order log", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(entry, fc.nat({ max: 20 }), (written, before) => {
        const bytes = encodeOrderEntry(written);
        const buffer = new Uint8Array(before + bytes.length + 3);
        buffer.set(bytes, before);
        assert.deepEqual(decodeOrderEntry(buffer, before, before + bytes.length), written);
      }),
    );
  });

  it("have these bytes (golden)", () => {
    const order: OrderLogEntry = { kind: "order", attempt: 3, term: 2, replica: 1, runs: [0, 300, 5, 1] };
    assert.equal(Buffer.from(encodeOrderEntry(order)).toString("hex"), "02030000000100000000000000004000ac020501");
    const claim: OrderLogEntry = { kind: "claim", attempt: 3, term: 2, replica: 1 };
    assert.equal(Buffer.from(encodeOrderEntry(claim)).toString("hex"), "010300000001000000000000000040");
  });

  it("are refused when they are none, with an error that says so", () => {
    const good = encodeOrderEntry({ kind: "order", attempt: 1, term: 1, replica: 0, runs: [0, 300] });
    const bad = [
      new Uint8Array(3),
      good.subarray(0, good.length - 1),
      good.subarray(0, good.length - 2),
      Uint8Array.of(9, ...good.subarray(1)),
      Uint8Array.of(...good, 0, 0),
      Uint8Array.of(...good, 0xff, 0xff, 0xff, 0xff, 0x7f),
    ];
    for (const bytes of bad)
      assert.throws(() => decodeOrderEntry(bytes, 0, bytes.length), { code: "cluster-protocol" });
  });

  it("take a few bytes for many records", () => {
    const runs = [0, 200, 1, 200, 0, 200];
    assert.ok(encodeOrderEntry({ kind: "order", attempt: 1, term: 1, replica: 0, runs }).length <= 24);
  });
});
