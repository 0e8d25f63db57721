import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rowVariant, schemaHash } from "../../../engine/connectors/binary/layout.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import { rowText } from "../../../harness/verify/row-text.ts";
import { parseRow } from "../../../harness/verify/typed-value.ts";
import type { ColumnSpec, Value } from "../../../queries/query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { eventBytes } from "../../engine/connectors-binary/write-event.ts";

const columns = [
  { name: "auction", type: "i64" },
  { name: "price", type: "decimal3" },
  { name: "extra", type: "string" },
  { name: "url", type: "string" },
] as const satisfies ColumnSpec[];
const identity = [{ name: "window_end", type: "timestamp" }] as const satisfies ColumnSpec[];
const query = { columns, identity, nameColumns: ["auction", "window_end"], orderKey: ["auction"] };
const all = [...columns, ...identity];
const HASH = schemaHash([rowVariant(all)]);

/** The record of a row, written after the document. */
function record(values: readonly Value[]): Uint8Array {
  const cells = values.map((value, i) => (i === 1 && value !== null ? Math.round(Number(value) * 1000) : value));
  return eventBytes(HASH, { tag: 0, fields: all }, cells);
}

const text = fc.option(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", 'a "\\ b', "\n\u0001", "ü")));
const row = fc.tuple(
  fc.option(fc.maxSafeInteger()),
  fc.option(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((value) => value / 1000 + 0)),
  text,
  text,
  fc.option(fc.integer({ min: 0, max: 4e12 })),
);

function hashes({ nameHigh, nameLow, contentHigh, contentLow }: RowHasher): number[] {
  return [nameHigh, nameLow, contentHigh, contentLow];
}

test("a binary row has the hashes of its values, wherever it lies", () => {
  const [binary, typed] = [new RowHasher(query, "binary"), new RowHasher(query)];
  fc.assert(
    fc.property(row, fc.nat(9), (values, before) => {
      const value = record(values);
      const bytes = Buffer.concat([Buffer.alloc(before, 0x35), value, Buffer.alloc(3, 0x35)]);
      typed.fromValues(values);
      assert.ok(binary.fromRecord(bytes, before, before + value.length));
      assert.deepEqual(hashes(binary), hashes(typed));
    }),
  );
});

test("a binary row as text is that row, and back", () => {
  const rows = rowText("binary", all);
  fc.assert(
    fc.property(row, (values) => {
      const bytes = record(values);
      const written = rows.textOf(bytes, 0, bytes.length);
      assert.deepEqual(parseRow(all, written), values);
      assert.deepEqual(rows.bytesOf(written), bytes);
    }),
  );
});

const RIGHT = record([7, 1.5, "x\\y", null, 9]);
const bad: readonly [string, Uint8Array][] = [
  ["JSON", Buffer.from('{"auction":7,"price":1.5,"extra":"x","url":null,"window_end":9}')],
  ["nothing", new Uint8Array(0)],
  ["another schema", RIGHT.with(2, RIGHT[2]! ^ 1)],
  ["another version", RIGHT.with(0, 0xfa)],
  ["a byte too many", Buffer.concat([RIGHT, Buffer.from("x")])],
  ["a byte too few", RIGHT.subarray(0, -1)],
  ["a flag of no column", RIGHT.with(4, RIGHT[4]! | 0x80)],
  ["a value where it is NULL", RIGHT.with(4, RIGHT[4]! | 1)],
  ["a string where it is NULL", RIGHT.with(4, RIGHT[4]! | 4)],
  ["a number beyond 2^53", RIGHT.with(12, 0x7f)],
  ["half an escape", RIGHT.with(RIGHT.length - 1, 0x5c)],
  ["a string that is not UTF-8", RIGHT.with(RIGHT.length - 1, 0xc3)],
  ["a raw quote", RIGHT.with(RIGHT.length - 1, 0x22)],
];
for (const [what, bytes] of bad) {
  test(`a record with ${what} is no row, and its text is none`, () => {
    const hasher = new RowHasher(query, "binary");
    assert.ok(hasher.fromRecord(RIGHT, 0, RIGHT.length));
    assert.equal(hasher.fromRecord(bytes, 0, bytes.length), false);
    assert.deepEqual(hashes(hasher), [0, 0, 0, 0]);
    assert.equal(parseRow(all, rowText("binary", all).textOf(bytes, 0, bytes.length)), null);
  });
}

test("bytes that were changed at random are a row or none, and nothing is thrown", () => {
  const hasher = new RowHasher(query, "binary");
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(row, fc.array(change, { maxLength: 4 }), fc.nat(60), (values, changes, cut) => {
      const bytes = record(values);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const end = cut % 2 === 0 ? bytes.length : Math.min(cut, bytes.length);
      const isRow = hasher.fromRecord(bytes, 0, end);
      const parsed = parseRow(all, rowText("binary", all).textOf(bytes, 0, end));
      assert.equal(parsed !== null, isRow);
    }),
    { numRuns: 1_000 },
  );
});

test("a query whose rows carry documents has no binary form", () => {
  assert.throws(() => new RowHasher(findQuery("bettercloud"), "binary"), /has no binary form/);
});
