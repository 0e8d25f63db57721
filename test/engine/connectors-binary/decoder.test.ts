import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { BinaryDecoder, binarySource } from "../../../engine/connectors/binary/decoder.ts";
import { schemaHash } from "../../../engine/connectors/binary/layout.ts";
import type { RecordDecoder } from "../../../engine/connectors/format.ts";
import { JsonDecoder } from "../../../engine/connectors/json/decoder.ts";
import { type WireFormat, wireSchema } from "../../../engine/connectors/json/wire-format.ts";
import { logRecords } from "../connectors-json/records.ts";
import { type PlainRow, rowsOf } from "../rows/rows.ts";
import { type Cell, eventBytes } from "./write-event.ts";

const FORMAT: WireFormat = {
  discriminator: "kind",
  members: ["a", "b"],
  variants: [
    {
      name: "a",
      tag: 0,
      member: "a",
      eventTime: "at",
      fields: [
        { name: "text", type: "string" },
        { name: "at", type: "timestamp" },
        { name: "amount", type: "decimal3" },
        { name: "ratio", type: "f64" },
        { name: "note", type: "string", optional: true },
      ],
    },
    {
      name: "b",
      tag: 7,
      member: "b",
      eventTime: "at",
      // Nine: the flags need two bytes.
      fields: [
        { name: "at", type: "timestamp" },
        ...["s0", "s1", "s2"].map((name) => ({ name, type: "string" as const })),
        ...["n0", "n1", "n2", "n3", "n4"].map((name) => ({ name, type: "i64" as const })),
      ],
    },
  ],
};
const HASH = schemaHash(FORMAT.variants);
const FIELDS = ["kind", "a.text", "a.at", "a.amount", "a.ratio", "a.note", "b.at", "b.s0", "b.s2", "b.n0", "b.n4"];

function decoded(decoder: RecordDecoder, values: readonly (Uint8Array | null)[]) {
  const rows: PlainRow[] = [];
  const latestMs = decoder.decode(logRecords(values), (batch) => rows.push(...rowsOf(batch)));
  return { rows, latestMs, undecodable: decoder.undecodable };
}

function binary(values: readonly (Uint8Array | null)[], fields = FIELDS, rows = ["a", "b"], batchRows = 3) {
  return decoded(new BinaryDecoder(FORMAT, wireSchema(FORMAT, fields), new Set(rows), batchRows), values);
}

const integer = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(Number.MIN_SAFE_INTEGER, 0, 2 ** 32, -(2 ** 32), -1));
const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string(), fc.constantFrom("", "\\", '"\n\u0000', "ü\ud800"));
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 });
const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0);
const thousandths = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
const eventOf = (tag: number, cells: readonly fc.Arbitrary<Cell>[]) =>
  fc.tuple(...cells).map((values) => ({ tag, values: values as readonly Cell[] }));
const event = fc.oneof(
  eventOf(0, [nullable(text), fc.integer(), nullable(thousandths), nullable(finite), nullable(text)]),
  eventOf(7, [fc.integer(), ...[0, 1, 2].map(() => nullable(text)), ...[0, 1, 2, 3, 4].map(() => nullable(integer))]),
);

const variantOf = (tag: number) => FORMAT.variants.find((variant) => variant.tag === tag)!;
const wire = ({ tag, values }: { tag: number; values: readonly Cell[] }) => eventBytes(HASH, variantOf(tag), values);

function json({ tag, values }: { tag: number; values: readonly Cell[] }): Uint8Array {
  const { member, fields } = variantOf(tag);
  const holder = Object.fromEntries(
    fields.map(({ name, type }, i) => [
      name,
      type === "decimal3" && values[i] != null ? Number(values[i]) / 1000 : values[i],
    ]),
  );
  return Buffer.from(JSON.stringify({ kind: tag, a: null, b: null, [member!]: holder }));
}

test("whatever the events, fields, wanted variants and batch size: the rows that the JSON decoder makes of the same events", () => {
  const run = fc.record({
    events: fc.array(event, { maxLength: 12 }),
    fields: fc.subarray(FIELDS, { minLength: 1 }),
    rows: fc.subarray(["a", "b"]),
    batchRows: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(run, ({ events, fields, rows, batchRows }) => {
      const other = new JsonDecoder(FORMAT, wireSchema(FORMAT, fields), new Set(rows), 100);
      const want = decoded(other, events.map(json));
      assert.deepEqual(binary(events.map(wire), fields, rows, batchRows), want);
      assert.equal(want.undecodable, 0);
    }),
    { numRuns: 300 },
  );
});

const A = wire({ tag: 0, values: ["x\\y", 1_000, 1_500, 0.5, null] });

test("the bytes of a record are the documented ones", () => {
  const head = "f90040ed";
  const numbers = "e803000000000000" + "dc05000000000000" + "000000000000e03f";
  const ends = "04000000" + "04000000";
  assert.equal(HASH, 0xed40);
  assert.equal(Buffer.from(A).toString("hex"), `${head}10${numbers}${ends}${Buffer.from("x\\\\y").toString("hex")}`);
  assert.deepEqual(binary([A]).rows, [
    { eventTimeMs: 1_000, kind: 0, values: [0, "x\\y", 1_000, 1_500, 0.5, null, null, null, null, null, null] },
  ]);
});

const damaged: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
  ["is shorter than its fixed part", (bytes) => bytes.subarray(0, 30)],
  ["is a byte short", (bytes) => bytes.subarray(0, -1)],
  ["is a byte long", (bytes) => Buffer.concat([bytes, Buffer.from("x")])],
  ["has three bytes", (bytes) => bytes.subarray(0, 3)],
  ["is empty", (bytes) => bytes.subarray(0, 0)],
  ["has a flag of no field", (bytes) => bytes.with(4, 0b100000 | bytes[4]!)],
  ["has no event time", (bytes) => bytes.with(4, 0b10 | bytes[4]!)],
  ["has an event time beyond 2^53", (bytes) => bytes.with(5 + 7, 0x7f)],
  ["has a number beyond 2^53", (bytes) => bytes.with(13 + 7, 0x7f)],
  ["has a double that is none", (bytes) => bytes.with(21 + 7, 0x7f).with(21 + 6, 0xf8)],
  ["has a value where it is NULL", (bytes) => bytes.with(4, 0b101 | bytes[4]!)],
  ["has ends of strings that fall", (bytes) => bytes.with(29, 0xff)],
  ["has a string with a quote", (bytes) => bytes.with(37, 0x22)],
  ["has a string with a control character", (bytes) => bytes.with(37, 0x09)],
  ["has a string with half an escape", (bytes) => bytes.with(40, 0x5c)],
  ["has a string that is not UTF-8", (bytes) => bytes.with(37, 0xc3)],
];
for (const [what, change] of damaged) {
  test(`a record that ${what} is counted and dropped, and those around it are read`, () => {
    assert.equal(binary([A]).rows.length, 1);
    const { rows, undecodable } = binary([A, change(A), null, A]);
    assert.equal(undecodable, 2);
    assert.deepEqual(rows, binary([A, A]).rows);
  });
}

const foreign: readonly [string, Uint8Array, RegExp][] = [
  ["JSON", Buffer.from('{"kind":0}'), /record 1 of partition 0 is JSON, where binary/],
  ["another version", A.with(0, 0xfa), /version 2; this is version 1/],
  ["another schema", A.with(2, A[2]! ^ 1), /schema 0x[0-9a-f]{4}; expected is schema 0x[0-9a-f]{4}/],
  ["a variant that the schema does not have", A.with(1, 3), /variant 3/],
  ["anything else", Buffer.from("hello"), /first byte is 0x68/],
];
for (const [what, bytes, message] of foreign) {
  test(`a record of ${what} fails the task, with partition and offset`, () => {
    assert.throws(
      () => binary([A, bytes]),
      (error) => {
        assert.ok(error instanceof FaultlineError);
        assert.equal(error.code, "job-failed");
        assert.match(error.message, message);
        assert.deepEqual(error.context, { partition: 0, offset: 1 });
        return true;
      },
    );
  });
}

test("bytes that were changed at random never break out: a row of sound values, a counted record, or an error that names itself", () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  const run = fc.tuple(event, fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(80));
  fc.assert(
    fc.property(run, ([one, changes, cut]) => {
      const bytes = wire(one);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        const { rows, undecodable } = binary([cut % 3 === 0 ? bytes.subarray(0, cut) : bytes]);
        assert.equal(rows.length + undecodable, 1);
        for (const value of rows.flatMap(({ values }) => values)) {
          assert.ok(typeof value !== "number" || Number.isFinite(value));
        }
      } catch (error) {
        assert.ok(error instanceof FaultlineError && error.code === "job-failed", String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("fields and variants that the format does not have are refused", () => {
  assert.throws(() => binarySource({ format: FORMAT, fields: ["a.cost"] }), /"a.cost"/);
  assert.throws(() => binarySource({ format: FORMAT, fields: ["a.at"], rows: ["c"] }), /"c"/);
});
