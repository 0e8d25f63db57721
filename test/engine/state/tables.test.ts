import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { keyGroupOfBytes, keyGroupOfNumber, keyGroupRange } from "../../../engine/rows/key-groups.ts";
import { BytesKeyTable, NumberKeyTable } from "../../../engine/state/key-table.ts";

/** What a table holds, in its own order: [group, key, first value, byte value]. */
type Content = [number, string, number, string][];

interface Tested {
  put(key: number, value: number, text: string): void;
  remove(key: number): boolean;
  content(): Content;
  snapshot(): Uint8Array;
}

type Kind = "number" | "bytes";

const GROUPS = 8;
const OPTIONS = { width: 2, byteValues: true };
const encoder = new TextEncoder();
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Keys that sort by bytes as the numbers do not, and that share prefixes. */
function bytesOf(key: number): Uint8Array {
  return encoder.encode(`k${key}`);
}

function groupOf(kind: Kind, key: number): number {
  const bytes = bytesOf(key);
  return kind === "number" ? keyGroupOfNumber(key, GROUPS) : keyGroupOfBytes(bytes, 0, bytes.length, GROUPS);
}

function open(kind: Kind, instance = 0, parallelism = 1, snapshots: readonly Uint8Array[] = []): Tested {
  const range = keyGroupRange(instance, parallelism, GROUPS);
  const table = kind === "number" ? new NumberKeyTable(range, OPTIONS) : new BytesKeyTable(range, OPTIONS);
  for (const snapshot of snapshots) table.restore(new SnapshotReader(snapshot));
  return {
    put(key, value, text) {
      const bytes = bytesOf(key);
      const entry = table instanceof NumberKeyTable ? table.upsert(key) : table.upsert(bytes, 0, bytes.length);
      const payload = encoder.encode(text);
      table.at.values[entry * 2] = value;
      table.at.values[entry * 2 + 1]! += 1;
      table.at.byteValues!.set(entry, payload, 0, payload.length, table.at.count);
    },
    remove(key) {
      const bytes = bytesOf(key);
      return table instanceof NumberKeyTable ? table.remove(key) : table.remove(bytes, 0, bytes.length);
    },
    content() {
      const content: Content = [];
      for (let group = range.first; group < range.end; group++) {
        const segment = table.segment(group);
        if (segment === null) continue;
        const order = segment.sorted();
        for (let i = 0; i < segment.count; i++) {
          const entry = order[i]!;
          const store = segment.byteValues!;
          const start = store.offsets[entry]!;
          const text = latin(store.bytes.subarray(start, start + store.lengths[entry]!));
          content.push([group, keyText(segment, entry), segment.values[entry * 2]!, text]);
        }
      }
      return content;
    },
    snapshot() {
      const writer = new SnapshotWriter();
      table.snapshot(writer);
      return writer.finish();
    },
  };
}

function keyText(segment: object, entry: number): string {
  const { keys } = segment as { keys: Float64Array | { bytes: Uint8Array; offsets: Int32Array; lengths: Int32Array } };
  if (keys instanceof Float64Array) return String(keys[entry]);
  return latin(keys.bytes.subarray(keys.offsets[entry]!, keys.offsets[entry]! + keys.lengths[entry]!));
}

function expected(kind: Kind, model: ReadonlyMap<number, { value: number; text: string }>): Content {
  const rows = [...model].map(([key, { value, text }]) => ({ key, group: groupOf(kind, key), value, text }));
  const compare = (a: number, b: number) => (kind === "number" ? a - b : Buffer.compare(bytesOf(a), bytesOf(b)));
  rows.sort((a, b) => a.group - b.group || compare(a.key, b.key));
  return rows.map(({ key, group, value, text }) => [group, kind === "number" ? `${key}` : `k${key}`, value, text]);
}

const operations = fc.array(
  fc.record({
    key: fc.oneof(fc.nat(30), fc.nat(400), fc.integer()),
    value: fc.double({ noNaN: true }),
    text: fc.string({ unit: "binary-ascii", maxLength: 30 }),
    remove: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, { arbitrary: fc.constant(true), weight: 1 }),
  }),
  { maxLength: 600, size: "max" },
);

for (const kind of ["number", "bytes"] as const) {
  test(`a ${kind} table holds what a Map holds, in canonical order, through growth and removal`, () => {
    fc.assert(
      fc.property(operations, (list) => {
        const table = open(kind);
        const model = new Map<number, { value: number; text: string }>();
        for (const { key, value, text, remove } of list) {
          if (remove) assert.equal(table.remove(key), model.delete(key));
          else {
            table.put(key, value, text);
            model.set(key, { value, text });
          }
        }
        assert.deepEqual(table.content(), expected(kind, model));
      }),
      { numRuns: 60 },
    );
  });

  test(`${kind} state moves to any other parallelism whole`, () => {
    fc.assert(
      fc.property(
        operations,
        fc.integer({ min: 1, max: GROUPS }),
        fc.integer({ min: 1, max: GROUPS }),
        (list, p, q) => {
          const before = Array.from({ length: p }, (_, i) => open(kind, i, p));
          const all = open(kind);
          for (const { key, value, text, remove } of list) {
            const owner = before[Math.floor((groupOf(kind, key) * p) / GROUPS)]!;
            for (const table of [owner, all]) {
              if (remove) table.remove(key);
              else table.put(key, value, text);
            }
          }
          const snapshots = before.map((table) => table.snapshot());
          const after = Array.from({ length: q }, (_, i) => open(kind, i, q, snapshots));
          assert.deepEqual(
            after.flatMap((table) => table.content()),
            all.content(),
          );
          assert.deepEqual(open(kind, 0, 1, snapshots).content(), open(kind, 0, 1, [all.snapshot()]).content());
        },
      ),
      { numRuns: 30 },
    );
  });
}

test("a key of another instance's group is refused", () => {
  const table = new NumberKeyTable(keyGroupRange(0, 2, GROUPS), { width: 1 });
  const foreign = Array.from({ length: 100 }, (_, key) => key).find(
    (key) => keyGroupOfNumber(key, GROUPS) >= GROUPS / 2,
  )!;
  assert.throws(() => table.upsert(foreign), /key group/);
});
