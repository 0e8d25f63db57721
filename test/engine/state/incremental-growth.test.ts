import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashNumber } from "../../../base/hash.ts";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { BytesKeyTable, NumberKeyTable } from "../../../engine/state/key-table.ts";
import { NumberSegment } from "../../../engine/state/number-segment.ts";

const ONE_GROUP = { first: 0, end: 1, total: 1 };
/** A growth from this many entries on is spread over later insertions. */
const LARGE = 512;
const MOST_MOVED = 16;
const encoder = new TextEncoder();

/** Shows how many entries are still in the old index. */
class OpenSegment extends NumberSegment {
  get waiting(): number {
    return this.old === null ? 0 : this.old.slots.filter((slot) => slot > 0).length;
  }
}

/** Either kind of table with one value per key, by number. */
function open(kind: "number" | "bytes") {
  const options = { width: 1 };
  const table = kind === "number" ? new NumberKeyTable(ONE_GROUP, options) : new BytesKeyTable(ONE_GROUP, options);
  const bytesOf = (key: number) => encoder.encode(`k${key}`);
  const call = (name: "upsert" | "find", key: number): number => {
    if (table instanceof NumberKeyTable) return table[name](key);
    const bytes = bytesOf(key);
    return table[name](bytes, 0, bytes.length);
  };
  return {
    table,
    put(key: number, value: number) {
      const entry = call("upsert", key); // replaces the arrays when the table grows
      table.at.values[entry] = value;
    },
    get(key: number): number | undefined {
      const entry = call("find", key);
      return entry < 0 ? undefined : table.at.values[entry]!;
    },
    remove(key: number): boolean {
      const bytes = bytesOf(key);
      return table instanceof NumberKeyTable ? table.remove(key) : table.remove(bytes, 0, bytes.length);
    },
    /** Values in the order of the keys' bytes. */
    values(): number[] {
      const segment = table.segment(0);
      if (segment === null) return [];
      return [...segment.sorted().subarray(0, segment.count)].map((entry) => segment.values[entry]!);
    },
    snapshot(): Uint8Array {
      const writer = new SnapshotWriter();
      table.snapshot(writer);
      return writer.finish();
    },
  };
}

function expected(kind: "number" | "bytes", model: ReadonlyMap<number, number>): number[] {
  const compare = (a: number, b: number) =>
    kind === "number" ? a - b : Buffer.compare(encoder.encode(`k${a}`), encoder.encode(`k${b}`));
  return [...model.keys()].sort(compare).map((key) => model.get(key)!);
}

/** Keys around which the table has been filled; steps hit them and new ones alike. */
const steps = fc.array(fc.record({ key: fc.nat(1500), kind: fc.constantFrom("put", "put", "put", "remove", "get") }), {
  maxLength: 300,
  size: "max",
});

for (const kind of ["number", "bytes"] as const) {
  test(`a ${kind} table equals a Map at every step of a growth: puts, removals, look-ups, iteration, snapshot`, () => {
    fc.assert(
      fc.property(fc.constantFrom(LARGE, 2 * LARGE), fc.integer({ min: -3, max: 60 }), steps, (size, past, list) => {
        const tested = open(kind);
        const model = new Map<number, number>();
        for (let key = 0; key < size + past; key++) {
          tested.put(key, -key);
          model.set(key, -key);
        }
        for (const [at, { key, kind: what }] of list.entries()) {
          if (what === "remove") assert.equal(tested.remove(key), model.delete(key));
          else if (what === "get") assert.equal(tested.get(key), model.get(key));
          else {
            tested.put(key, at);
            model.set(key, at);
          }
          assert.equal(tested.table.size, model.size);
          if (at % 50 === 0) assert.deepEqual(tested.values(), expected(kind, model));
        }
        for (let key = 0; key < 1500; key++) assert.equal(tested.get(key), model.get(key), `key ${key}`);
        assert.deepEqual(tested.values(), expected(kind, model));
        const restored = open(kind);
        restored.table.restore(new SnapshotReader(tested.snapshot()));
        assert.deepEqual(restored.values(), expected(kind, model));
        assert.deepEqual(restored.snapshot(), tested.snapshot());
      }),
      { numRuns: 25 },
    );
  });
}

test("no put moves more than a few entries, and a growth is over before the next one", () => {
  const segment = new OpenSegment(1, false);
  let growths = 0;
  for (let key = 0; key < 5 * LARGE; key++) {
    const before = segment.waiting;
    segment.upsert(hashNumber(key), key);
    if (before === 0 && segment.waiting > 0) {
      growths += 1;
      assert.equal(segment.waiting, key, "all entries but the new one are to be moved");
    } else assert.ok(before - segment.waiting <= MOST_MOVED, `${before - segment.waiting} entries in one put`);
  }
  assert.equal(growths, 3);
});

test("clearing in the middle of a growth forgets the entries that were not moved yet", () => {
  const tested = open("number");
  for (let key = 0; key <= LARGE; key++) tested.put(key, 1);
  tested.table.clear();
  assert.equal(tested.get(3), undefined);
  for (let key = 0; key <= 3 * LARGE; key++) tested.put(key, 2);
  assert.deepEqual(new Set(tested.values()), new Set([2]));
});
