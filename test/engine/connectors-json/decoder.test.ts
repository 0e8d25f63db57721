import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { JsonDecoder, jsonSource } from "../../../engine/connectors/json/decoder.ts";
import { type WireFormat, wireSchema } from "../../../engine/connectors/json/wire-format.ts";
import { type PlainRow, rowsOf, type Value } from "../rows/rows.ts";
import { TEST_WIRE } from "./nexmark-wire.ts";
import { logRecords } from "./records.ts";

type Json = Record<string, unknown>;

const ALL_FIELDS = [
  "event_type",
  ...TEST_WIRE.variants.flatMap(({ member, fields }) => fields.map(({ name }) => `${member}.${name}`)),
].filter((name, i, all) => all.indexOf(name) === i);

/** Golden events in wire form. */
function golden(mode: string): Json[] {
  const url = new URL(`../../golden/nexmark/${mode}-events-0-1999.jsonl`, import.meta.url);
  const lines = readFileSync(url, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { type, person = null, auction = null, bid = null } = JSON.parse(line) as Json;
    return { event_type: ["person", "auction", "bid"].indexOf(String(type)), person, auction, bid };
  });
}

const bytesOf = (text: string) => Buffer.from(text, "utf8");

interface Decoded {
  readonly rows: PlainRow[];
  readonly latestMs: number;
  readonly decoder: JsonDecoder;
}

function decode(
  values: readonly (Uint8Array | null)[],
  fields: readonly string[],
  rows: readonly string[],
  size = 7,
): Decoded {
  const decoder = new JsonDecoder(TEST_WIRE, wireSchema(TEST_WIRE, fields), new Set(rows), size);
  const decoded: PlainRow[] = [];
  const latestMs = decoder.decode(logRecords(values), (batch) => {
    assert.ok(batch.selectedCount > 0 && batch.selectedCount <= size);
    decoded.push(...rowsOf(batch));
  });
  return { rows: decoded, latestMs, decoder };
}

const MEMBERS = ["person", "auction", "bid", "bid"];
const NAMES = ["person", "auction", "bid", "closing"];

/** What the row of an event must be. */
function expected(event: Json, fields: readonly string[]): PlainRow {
  const member = MEMBERS[Number(event.event_type)]!;
  const holder = event[member] as Json;
  const values = fields.map((field): Value => {
    if (field === "event_type") return Number(event[field]);
    const [owner, name] = field.split(".");
    return owner === member ? ((holder[name!] ?? null) as Value) : null;
  });
  return { eventTimeMs: Number(holder.dateTime), kind: 0, values };
}

for (const mode of ["head", "classic"]) {
  test(`golden ${mode} events are decoded by the fast path alone, field by field`, () => {
    const events = golden(mode);
    const { rows, latestMs, decoder } = decode(
      events.map((event) => bytesOf(JSON.stringify(event))),
      ALL_FIELDS,
      NAMES,
    );
    assert.deepEqual(
      rows,
      events.map((event) => expected(event, ALL_FIELDS)),
    );
    assert.equal(latestMs, Math.max(...rows.map((row) => row.eventTimeMs)));
    assert.deepEqual([decoder.undecodable, decoder.slowRecords], [0, 0]);
  });
}

test("only wanted variants become rows, but the time of the others counts", () => {
  const bid = { auction: 1, bidder: 2, price: 3, dateTime: 50, extra: "x" };
  const person = { ...(golden("classic")[0]!.person as Json), dateTime: 70 };
  const values = [
    { event_type: 2, person: null, auction: null, bid },
    { event_type: 0, person, auction: null, bid: null },
  ];
  const { rows, latestMs } = decode(
    values.map((value) => bytesOf(JSON.stringify(value))),
    ["bid.price"],
    ["bid"],
  );
  assert.deepEqual(rows, [{ eventTimeMs: 50, kind: 0, values: [3] }]);
  assert.equal(latestMs, 70);
});

test("a closing record moves the time and is no bid", () => {
  const closing = bytesOf('{"event_type":3,"person":null,"auction":null,"bid":{"dateTime":4102444800000}}');
  assert.deepEqual(decode([closing], ["bid.price"], ["bid"]).rows, []);
  assert.equal(decode([closing], ["bid.price"], ["bid"]).latestMs, 4102444800000);
  assert.equal(decode([closing], ["bid.price"], ["bid"]).decoder.undecodable, 0);
});

const anyString = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 9 }),
  fc.constantFrom("\\", '"', "\u0001", "\u007f", "/"),
);
const integer = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(9)).map((value) => value + 0);
const anyBid = fc
  .record(
    {
      auction: fc.option(integer, { freq: 9 }),
      bidder: integer,
      price: integer,
      channel: fc.option(anyString),
      url: anyString,
      dateTime: integer,
      extra: fc.option(anyString, { freq: 9 }),
    },
    { requiredKeys: ["auction", "bidder", "price", "dateTime", "extra"], noNullPrototype: true },
  )
  .map((bid): Json => ({ event_type: 2, person: null, auction: null, bid }));

/** Ways to write the same event. */
const spellings: readonly ((event: Json) => string)[] = [
  (event) => JSON.stringify(event),
  (event) => JSON.stringify(event, null, 1),
  (event) => JSON.stringify({ bid: Object.fromEntries(Object.entries(event.bid as Json).reverse()), event_type: 2 }),
  (event) => JSON.stringify(event).replace('"extra":', '"\\u0065xtra":').replaceAll("/", "\\/"),
  (event) => JSON.stringify({ ...event, unknown: [1, { a: null }] }),
];

test("any spelling of an event gives the same row, in the order of the records", () => {
  const spelled = fc.array(fc.tuple(anyBid, fc.nat(spellings.length - 1)), { maxLength: 30 });
  fc.assert(
    fc.property(spelled, fc.integer({ min: 1, max: 9 }), (list, size) => {
      const values = list.map(([event, spelling]) => bytesOf(spellings[spelling]!(event)));
      const { rows, decoder } = decode(values, ALL_FIELDS, NAMES, size);
      assert.deepEqual(
        rows,
        list.map(([event]) => expected(JSON.parse(JSON.stringify(event)) as Json, ALL_FIELDS)),
      );
      assert.equal(decoder.undecodable, 0);
    }),
    { numRuns: 200 },
  );
});

test("equal strings have equal bytes, whichever way they came", () => {
  const written = ['"a/b\\\\\\"\\n\\u0001é"', '"a\\/b\\u005c\\u0022\\u000A\\u0001\\u00e9"'];
  const values = written.map((extra) =>
    bytesOf(
      `{"event_type":2,"person":null,"auction":null,"bid":{"auction":1,"bidder":2,"price":3,"dateTime":4,"extra":${extra}}}`,
    ),
  );
  const spans: string[] = [];
  const decoder = new JsonDecoder(TEST_WIRE, wireSchema(TEST_WIRE, ["bid.extra"]), new Set(["bid"]), 10);
  decoder.decode(logRecords(values), (batch) => {
    const column = batch.columns[0]!;
    if (column.kind !== "string") throw new Error("not a string column");
    for (let row = 0; row < batch.selectedCount; row++) {
      const start = column.offsets[row]!;
      spans.push(Buffer.from(column.bytes.subarray(start, start + column.lengths[row]!)).toString());
    }
  });
  assert.deepEqual(spans, [written[0]!.slice(1, -1), written[0]!.slice(1, -1)]);
});

/** The event, if it is a bid or a closing record as the format describes them. By JSON.parse alone. */
function judge(value: Uint8Array): Json | null {
  let event: Json;
  try {
    event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value)) as Json;
  } catch {
    return null;
  }
  if (typeof event !== "object" || event === null) return null;
  const bid = event.bid as Json | null | undefined;
  if (typeof bid !== "object" || bid === null || Array.isArray(bid)) return null;
  const closing = { ...event, bid: { dateTime: bid.dateTime } };
  if (event.event_type === 3) return Number.isSafeInteger(bid.dateTime) ? closing : null;
  if (event.event_type !== 2) return null;
  const isInteger = (value: unknown) => value === null || Number.isSafeInteger(value);
  const isText = (value: unknown) => value === null || typeof value === "string";
  const good =
    ["auction", "bidder", "price"].every((name) => isInteger(bid[name])) &&
    Number.isSafeInteger(bid.dateTime) &&
    isText(bid.extra) &&
    isText(bid.channel ?? null) &&
    isText(bid.url ?? null);
  return good ? event : null;
}

test("damaged records never become wrong rows: they decode as JSON.parse says, or are counted", () => {
  const events = golden("head").filter((event) => event.event_type === 2);
  const edit = fc.record({
    at: fc.nat(400),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...bytesOf('0123456789-.eE"\\{},:nu '))),
    kind: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.nat(events.length - 1), fc.array(edit, { minLength: 1, maxLength: 3 }), (index, edits) => {
      let value: Uint8Array = bytesOf(JSON.stringify(events[index]));
      for (const { at, byte, kind } of edits) value = damage(value, at % (value.length + 1), byte, kind);
      const good = judge(value);
      const fields = ALL_FIELDS.filter((field) => field.startsWith("bid"));
      const { rows, decoder } = decode([value], fields, NAMES);
      const parsed = good === null ? [] : [expected(good, fields)];
      assert.deepEqual(
        rows,
        parsed.map((row) => ({ ...row, values: row.values.map((v) => (v === 0 ? 0 : v)) })),
      );
      assert.equal(decoder.undecodable, 1 - parsed.length);
    }),
    { numRuns: 5000 },
  );
});

function damage(value: Uint8Array, at: number, byte: number, kind: number): Uint8Array {
  const before = [...value.subarray(0, at)];
  if (kind === 0) return Uint8Array.from([...before, byte, ...value.subarray(at + 1)]);
  if (kind === 1) return Uint8Array.from([...before, byte, ...value.subarray(at)]);
  if (kind === 2) return Uint8Array.from([...before, ...value.subarray(at + 1)]);
  return value.slice(0, at);
}

test("records that are null, empty or of an unknown kind are counted, and the others still come", () => {
  const bid = {
    event_type: 2,
    person: null,
    auction: null,
    bid: { auction: 1, bidder: 2, price: 3, dateTime: 4, extra: "" },
  };
  const bad = ["", "null", "[]", "7", JSON.stringify({ ...bid, event_type: 9 }), JSON.stringify({ ...bid, bid: null })];
  const values = [null, ...bad.map(bytesOf), bytesOf(JSON.stringify(bid))];
  const { rows, decoder } = decode(values, ["bid.price"], ["bid"]);
  assert.deepEqual(
    rows.map((row) => row.values),
    [[3]],
  );
  assert.equal(decoder.undecodable, 7);
});

const FLAT: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "customer",
      tag: 0,
      member: null,
      eventTime: "at",
      fields: [
        { name: "customer", type: "string" },
        { name: "amount", type: "decimal3" },
        { name: "ratio", type: "f64" },
        { name: "at", type: "timestamp" },
      ],
    },
  ],
};

test("a flat stream with decimals and doubles is described by the same means", () => {
  const { schema, decoder } = jsonSource({ format: FLAT, fields: ["amount", "customer", "ratio"] });
  assert.deepEqual(
    schema.fields.map((field) => field.type),
    ["decimal3", "string", "f64"],
  );
  const instance = decoder(10);
  const rows: PlainRow[] = [];
  const values = [
    '{"customer":"a","amount":90.8,"ratio":0.25,"at":5}',
    '{"customer":null,"amount":7,"ratio":3,"at":6}',
    '{"customer":"b","amount":0.0001,"ratio":1,"at":7}',
  ];
  instance.decode(logRecords(values.map(bytesOf)), (batch) => rows.push(...rowsOf(batch)));
  assert.deepEqual(
    rows.map((row) => row.values),
    [
      [90_800, "a", 0.25],
      [7000, null, 3],
    ],
  );
  assert.equal(instance.undecodable, 1, "a fourth decimal place does not fit the column");
});

test("fields, variants and formats that do not exist are refused by name", () => {
  assert.throws(() => jsonSource({ format: TEST_WIRE, fields: ["bid.cost"] }), /"bid.cost"/);
  assert.throws(() => jsonSource({ format: TEST_WIRE, fields: ["bid.price"], rows: ["bids"] }), /"bids"/);
  const variant = { ...FLAT.variants[0]!, eventTime: "customer" };
  assert.throws(() => jsonSource({ format: { ...FLAT, variants: [variant] }, fields: ["at"] }), /timestamp/);
});
